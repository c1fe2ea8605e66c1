/**
 * Layout of the embedded log in LevelDB. Keys are bytes; numbers in keys are big-endian, so that
 * LevelDB's byte order is the order of the log. Topic names never contain a zero byte, so `00` ends
 * them.
 *
 *     't' topic                                     topic      JSON { partitions }
 *     'e' topic 00 partition:u32                    end        u64, the next offset
 *     's' topic 00 partition:u32                    start      u64, everything before it was purged
 *     'b' topic 00 partition:u32 LAST offset:u64    batch      see batch.ts
 *     'p' producer 00 topic 00 partition:u32        producer   JSON { seq, parts }     (partition ffffffff: by key)
 *
 * A batch stands under its *last* offset: the first key at or behind a position is the batch that
 * contains it. Batches, ends and producer marks of one append are one LevelDB write: all there or
 * none (law 3).
 */

/** In place of a partition: the append was spread over partitions by its keys. */
export const anyPartition = 0xffff_ffff

export const topicPrefix = 't'

export function topicKey(topic: string): Buffer {
  return Buffer.from(topicPrefix + topic)
}

export function endKey(topic: string, partition: number): Buffer {
  return withU32(`e${topic}\0`, partition)
}

export function startKey(topic: string, partition: number): Buffer {
  return withU32(`s${topic}\0`, partition)
}

export function batchKey(topic: string, partition: number, offsetLast: number): Buffer {
  const prefix = `b${topic}\0`
  const at = Buffer.byteLength(prefix)
  const key = Buffer.allocUnsafe(at + 12)
  key.write(prefix)
  key.writeUInt32BE(partition, at)
  key.writeUInt32BE(Math.floor(offsetLast / 0x1_0000_0000), at + 4)
  key.writeUInt32BE(offsetLast % 0x1_0000_0000, at + 8)
  return key
}

/** The offset at the end of a batch key. */
export function offsetOfKey(key: Buffer): number {
  return key.readUInt32BE(key.length - 8) * 0x1_0000_0000 + key.readUInt32BE(key.length - 4)
}

export function producerKey(producer: string, topic: string, partition: number): Buffer {
  return withU32(`p${producer}\0${topic}\0`, partition)
}

/** Half-open range of all producers whose name begins with the text. */
export function producerRange(prefix: string): { gte: Buffer; lt: Buffer } {
  return {
    gte: Buffer.from(`p${prefix}`),
    lt: Buffer.concat([Buffer.from(`p${prefix}`), Buffer.from([0xff])]),
  }
}

export function encodeOffset(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(offset))
  return bytes
}

export function decodeOffset(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE())
}

function withU32(prefix: string, value: number): Buffer {
  const at = Buffer.byteLength(prefix)
  const key = Buffer.allocUnsafe(at + 4)
  key.write(prefix)
  key.writeUInt32BE(value, at)
  return key
}
