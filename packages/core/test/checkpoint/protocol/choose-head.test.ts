/** Which record is the head where a cluster decides, and what of the log counts then. */
import { expect } from 'chai'
import { foldChainTo } from '../../../src/checkpoint/chain.ts'
import { chooseHead } from '../../../src/checkpoint/protocol/choose-head.ts'
import type { CommitRecord } from '../../../src/checkpoint/record.ts'

const at = { app: 'a', subTopology: 's', task: '0' }

function record(seq: number, kind: CommitRecord['kind'], prev: number | null): CommitRecord {
  return {
    ...at,
    kind,
    seq,
    id: `id${seq}`,
    epoch: 0,
    writer: 'w',
    prev: prev === null ? null : { seq: prev, id: `id${prev}` },
    ts: 0,
    fingerprint: 'f',
    positions: new Map([['p', String(seq)]]),
    watermarks: new Map(),
    done: [],
    deltas: [{ store: 's', ops: [{ key: Uint8Array.of(seq), value: Uint8Array.of(seq) }] }],
    outbox: [{ sink: 'staged', lane: 'l', rows: 1, bytes: Uint8Array.of(seq) }],
  }
}

const start = record(1, 'start', null)
const named = (seq: number) => ({ head: { seq, id: `id${seq}` } })

describe('the head that a cluster names', () => {
  it('is the record of its metadata, whatever lies behind it', () => {
    const log = [start, record(2, 'fence', 1), record(3, 'prepared', 1), record(4, 'prepared', 3)]
    expect(chooseHead(log, named(4))).to.deep.equal({ kind: 'named', ...named(4) })
    expect(chooseHead(log, named(3))).to.deep.equal({ kind: 'named', ...named(3) })
  })

  it('is stale when a later record was decided', () => {
    const log = [start, record(2, 'prepared', 1), record(3, 'prepared', 2)]
    expect(chooseHead(log, named(1)).kind).to.equal('stale')
  })

  it('is refused when the log does not have it', () => {
    expect(chooseHead([start], named(2))).to.include({ kind: 'refuse' })
    expect(chooseHead([start], { head: { seq: 1, id: 'other' } })).to.include({ kind: 'refuse' })
  })

  it('is missing without harm while nothing can be undecided', () => {
    expect(chooseHead([], 'missing')).to.deep.equal({ kind: 'new' })
    const unnamed = { kind: 'unnamed', lost: false, ...named(1) }
    expect(chooseHead([start], 'missing')).to.deep.equal(unnamed)
    expect(chooseHead([start, record(2, 'fence', 1)], 'missing')).to.deep.equal(unnamed)
    const sealed = [start, record(2, 'prepared', 1), record(3, 'seal', 2)]
    expect(chooseHead(sealed, 'missing')).to.deep.equal({
      kind: 'unnamed',
      lost: true,
      ...named(2),
    })
  })

  it('is missing, and that is refused, when a record may be decided or not', () => {
    const log = [start, record(2, 'prepared', 1), record(3, 'prepared', 2)]
    expect(chooseHead(log, 'missing')).to.include({ kind: 'refuse' })
  })

  it('is refused over records that the log decided', () => {
    expect(chooseHead([record(1, 'commit', null)], 'missing')).to.include({ kind: 'refuse' })
  })
})

describe('the log of a task up to a head', () => {
  const log = [
    start,
    record(2, 'fence', 1),
    record(3, 'prepared', 1),
    record(4, 'prepared', 3), // void
    record(5, 'fence', 3),
    record(6, 'prepared', 3),
  ]
  const seqs = log.map(({ seq }) => seq)

  it('counts what leads to the head, and neither what is void nor fences', () => {
    const head = foldChainTo({ seq: 6, id: 'id6' }, log, seqs, at)
    expect(head.head).to.deep.equal({ seq: 6, id: 'id6' })
    expect([...head.state.get('s')!.keys()]).to.deep.equal(['01', '03', '06'])
    expect(head.pending.map(({ seq }) => seq)).to.deep.equal([1, 3, 6])
    expect(head.positions.get('p')).to.equal('6')
    expect(head.slots).to.equal(6)
  })

  it('ends at the head, though the log goes on', () => {
    const head = foldChainTo({ seq: 3, id: 'id3' }, log, seqs, at)
    expect([...head.state.get('s')!.keys()]).to.deep.equal(['01', '03'])
    expect(head.slots).to.equal(6)
  })

  const damage: [string, number, CommitRecord[], RegExp][] = [
    [
      'has a gap, even among the void',
      6,
      log.filter(({ seq }) => seq !== 4),
      /record 4 is missing/,
    ],
    ['holds another record than the head', 3, log.with(2, { ...log[2]!, id: 'x' }), /another one/],
    ['leads over a fence', 6, log.with(5, record(6, 'prepared', 5)), /is a fence/],
    ['leads in a circle', 6, log.with(5, record(6, 'prepared', 6)), /does not follow/],
  ]
  for (const [title, head, records, message] of damage) {
    it(`is refused when it ${title}`, () => {
      const slots = records.map(({ seq }) => seq)
      expect(() => foldChainTo({ seq: head, id: `id${head}` }, records, slots, at))
        .to.throw(message)
        .with.property('code', 'MILLRACE_RECORD_DAMAGED')
    })
  }
})
