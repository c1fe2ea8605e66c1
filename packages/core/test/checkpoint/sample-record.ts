/** Commit records for tests: a full one by hand, and one of a wanted weight. */
import { encodeRecord } from '../../src/checkpoint/record.ts'
import type { CommitRecord } from '../../src/checkpoint/record.ts'

export const sample: CommitRecord = {
  kind: 'commit',
  app: 'fraud',
  subTopology: 'txn',
  task: '3',
  seq: 41_873,
  id: '01jk-b',
  epoch: 17,
  writer: 'pod-3/9f2c',
  prev: { seq: 41_872, id: '01jk-a' },
  ts: 1_767_607_200_123,
  fingerprint: 'sha256:abc',
  positions: new Map([
    ['__proto__', '7'],
    ['txn:3', '49641'],
  ]),
  watermarks: new Map([['txn:3', 1_767_607_170_123]]),
  done: [{ sink: 'alerts', lane: '', seq: 41_870 }],
  deltas: [
    { store: '__proto__', ops: [{ key: bytes('k0'), value: bytes('') }] },
    {
      store: 'agg',
      ops: [
        { key: bytes('k1'), value: bytes('v1') },
        { key: bytes(''), value: null },
        { key: bytes('k1'), value: null },
      ],
    },
    { store: 'empty', ops: [] },
  ],
  outbox: [
    { sink: 'alerts', lane: 'b', rows: 2, bytes: bytes('two rows') },
    { sink: 'alerts', lane: 'a', rows: 0, bytes: bytes('') },
  ],
}

export function sampleBytes(seq: number, weight: number): Uint8Array {
  const outbox = [{ sink: 's', lane: 'l', rows: 1, bytes: new Uint8Array(weight).fill(seq & 0xff) }]
  return encodeRecord({ ...sample, seq, outbox })
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
