import { expect } from 'chai'
import { murmur2, partitionOf } from '../../src/hash.ts'

describe('murmur2', () => {
  // Vectors of Kafka's own UtilsTest.
  const vectors: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [text, hash] of vectors) {
    it(`gives what Kafka gives for '${text}'`, () => {
      expect(murmur2(Buffer.from(text))).to.equal(hash)
    })
  }

  it('leads keys to partitions as the default partitioner does', () => {
    expect(partitionOf(Buffer.from('foobar'), 4)).to.equal((-790332482 & 0x7fffffff) % 4)
    expect(partitionOf(Buffer.from('foobar'), 1)).to.equal(0)
  })
})
