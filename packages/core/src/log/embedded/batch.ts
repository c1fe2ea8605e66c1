/**
 * One LevelDB value: a run of records with the offset of its first one.
 *
 *     value := version:u8  crc32:u32 (of all that follows)  base:u64  count:u32  record*
 *
 * LevelDB itself does not notice most flipped bytes, and a lost stretch of its write-ahead log is
 * silent. So each batch carries a checksum, and readers demand that batches meet without a gap:
 * damage is an error, never a hole.
 */
import { crc32 } from 'node:zlib'
import type { RecordRun } from './records.ts'

export interface StoredBatch extends RecordRun {
  /** Offset of the first record. */
  readonly base: number
}

const version = 1
const headerBytes = 17

export function encodeBatch(base: number, runs: readonly RecordRun[]): Buffer {
  let size = headerBytes
  let count = 0
  for (const run of runs) {
    size += run.bytes.length
    count += run.count
  }
  const value = Buffer.allocUnsafe(size)
  value.writeUInt8(version, 0)
  value.writeBigUInt64LE(BigInt(base), 5)
  value.writeUInt32LE(count, 13)
  let at = headerBytes
  for (const run of runs) {
    value.set(run.bytes, at)
    at += run.bytes.length
  }
  value.writeUInt32LE(crc32(value.subarray(5)), 1)
  return value
}

/** The batch, or what is wrong with it. */
export function decodeBatch(value: Buffer): StoredBatch | string {
  if (value.length < headerBytes) return `is ${value.length} bytes long`
  if (value.readUInt8(0) !== version)
    return `has format ${value.readUInt8(0)}, this release reads ${version}`
  if (value.readUInt32LE(1) !== crc32(value.subarray(5))) return 'does not match its checksum'
  return trustedBatch(value)
}

/** For values that this process has just encoded. */
export function trustedBatch(value: Buffer): StoredBatch {
  return {
    base: Number(value.readBigUInt64LE(5)),
    count: value.readUInt32LE(13),
    bytes: value.subarray(headerBytes),
  }
}
