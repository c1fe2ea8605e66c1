/**
 * The operations of one store in a commit record. They are absolute (put, delete), never
 * increments, so that applying them twice is applying them once, and they keep their order.
 *
 *   op = u32le key length | u32le value length, 0xffffffff: delete | key | value
 *
 * Decoded keys and values are views on the record: whoever keeps one longer than the record copies
 * it.
 */
import { Damage, intact } from './record-damage.ts'

export interface StoreOp {
  readonly key: Uint8Array
  /** Null deletes the key. */
  readonly value: Uint8Array | null
}

const headBytes = 8
const deleted = 0xffff_ffff

export function opsBytes(ops: readonly StoreOp[]): number {
  let bytes = 0
  for (const op of ops)
    bytes += headBytes + op.key.length + (op.value === null ? 0 : op.value.length)
  return bytes
}

/** Writes the operations at `at`. There is room: `opsBytes` was asked. */
export function writeOps(ops: readonly StoreOp[], into: Uint8Array, at: number): void {
  const view = viewOf(into)
  for (const { key, value } of ops) {
    view.setUint32(at, key.length, true)
    view.setUint32(at + 4, value === null ? deleted : value.length, true)
    at += headBytes
    put(into, key, at)
    at += key.length
    if (value === null) continue
    put(into, value, at)
    at += value.length
  }
}

/** Reads `count` operations, which fill `bytes` exactly. `where` names the store in the error. */
export function readOps(bytes: Uint8Array, count: number, where: string): readonly StoreOp[] {
  const view = viewOf(bytes)
  const ops: StoreOp[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + headBytes > bytes.length)
      throw new Damage(`${where}: operation ${i} of ${count} is missing`)
    const keyLength = view.getUint32(at, true)
    const valueLength = view.getUint32(at + 4, true)
    const keyEnd = at + headBytes + keyLength
    const end = valueLength === deleted ? keyEnd : keyEnd + valueLength
    if (end > bytes.length)
      throw new Damage(`${where}: operation ${i} of ${count} ends behind the end`)
    const value = valueLength === deleted ? null : bytes.subarray(keyEnd, end)
    ops.push({ key: bytes.subarray(at + headBytes, keyEnd), value })
    at = end
  }
  intact(at === bytes.length, `${where}: ${bytes.length - at} bytes behind its ${count} operations`)
  return ops
}

/** For a few bytes the call of `set` costs more than the bytes. */
function put(into: Uint8Array, bytes: Uint8Array, at: number): void {
  const { length } = bytes
  if (length > 48) into.set(bytes, at)
  else for (let i = 0; i < length; i++) into[at + i] = bytes[i]!
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
