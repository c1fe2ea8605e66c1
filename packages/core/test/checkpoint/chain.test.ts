import { expect } from 'chai'
import { foldChain } from '../../src/checkpoint/chain.ts'
import type { CommitRecord } from '../../src/checkpoint/record.ts'

const at = { app: 'a', subTopology: 's', task: '0' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function record(seq: number, more: Partial<CommitRecord> = {}): CommitRecord {
  return {
    ...at,
    kind: 'commit',
    seq,
    id: `id${seq}`,
    epoch: 0,
    writer: 'w',
    prev: seq === 1 ? null : { seq: seq - 1, id: `id${seq - 1}` },
    ts: 0,
    fingerprint: 'f',
    positions: new Map([['p', String(seq)]]),
    watermarks: new Map([['task', seq * 10]]),
    done: [],
    deltas: [],
    outbox: [],
    ...more,
  }
}

describe('the log of a task', () => {
  it('that is empty has no head', () => {
    expect(foldChain([], [], at)).include({ head: undefined, fingerprint: undefined })
  })

  it('gives the newest positions and watermarks, and the fold of all deltas', () => {
    const put = (key: string, value: string | null) => ({
      key: bytes(key),
      value: value === null ? null : bytes(value),
    })
    const head = foldChain(
      [
        record(1, { deltas: [{ store: 's', ops: [put('a', '1'), put('b', '1')] }] }),
        record(2, { deltas: [{ store: 's', ops: [put('a', '2'), put('b', null)] }] }),
      ],
      [1, 2],
      at,
    )
    expect(head.head).deep.equal({ seq: 2, id: 'id2' })
    expect(head.positions.get('p')).equal('2')
    expect(head.watermarks.get('task')).equal(20)
    expect(
      [...head.state.get('s')!.values()].map((value) => new TextDecoder().decode(value)),
    ).deep.equal(['2'])
  })

  it('lists what nobody has marked as published, oldest first', () => {
    const section = (lane: string) => ({ sink: 'out', lane, rows: 1, bytes: bytes(lane) })
    const head = foldChain(
      [
        record(1, { outbox: [section('x'), section('y')] }),
        record(2, { outbox: [section('x')] }),
        record(3, { done: [{ sink: 'out', lane: 'x', seq: 1 }] }),
      ],
      [1, 2, 3],
      at,
    )
    expect(head.pending.map(({ lane, seq }) => [lane, seq])).deep.equal([
      ['y', 1],
      ['x', 2],
    ])
  })

  const damage: [string, CommitRecord[], number[], RegExp][] = [
    ['begins behind its first record', [record(2)], [2], /record 1 is missing: the log jumps to 2/],
    ['has a gap', [record(1), record(3)], [1, 3], /record 2 is missing: the log jumps to 3/],
    ['holds a record in the wrong slot', [record(1), record(1)], [1, 2], /record 2 is missing/],
    [
      'holds a record that follows another one',
      [record(1), record(2, { prev: { seq: 1, id: 'other' } })],
      [1, 2],
      /record 2 does not follow record 1/,
    ],
    [
      'holds a first record with a past',
      [record(1, { prev: { seq: 0, id: 'x' } })],
      [1],
      /record 1 does not follow/,
    ],
  ]
  for (const [title, records, seqs, message] of damage) {
    it(`that ${title} is refused, never skipped over`, () => {
      expect(() => foldChain(records, seqs, at))
        .throws(message)
        .with.property('code', 'MILLRACE_RECORD_DAMAGED')
    })
  }
})
