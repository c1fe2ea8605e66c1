/** Arbitrary commit records. */
import fc from 'fast-check'
import type { CommitRecord } from '../../src/checkpoint/record.ts'

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '10', '2', '', '\ud800', '\u{1f600}'),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const count = fc.maxSafeNat()
const data = fc.uint8Array({ maxLength: 24 })
const commit = fc.record({ seq: count, id: name })
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0 || 0)

export const anyRecord: fc.Arbitrary<CommitRecord> = fc.record({
  kind: fc.constantFrom('start', 'commit', 'prepared', 'fence', 'seal'),
  app: name,
  subTopology: name,
  task: name,
  seq: count,
  id: name,
  epoch: count,
  writer: name,
  prev: fc.option(commit),
  ts: finite,
  fingerprint: name,
  positions: mapOf(name),
  watermarks: mapOf(finite),
  done: fc.array(fc.record({ sink: name, lane: name, seq: count }), { maxLength: 3 }),
  deltas: fc.uniqueArray(
    fc.record({
      store: name,
      ops: fc.array(fc.record({ key: data, value: fc.option(data) }), { maxLength: 4 }),
    }),
    { maxLength: 4, selector: ({ store }) => store },
  ),
  outbox: fc.array(fc.record({ sink: name, lane: name, rows: count, bytes: data }), {
    maxLength: 3,
  }),
})

function mapOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T>> {
  return fc.array(fc.tuple(name, value), { maxLength: 4 }).map((entries) => new Map(entries))
}
