/**
 * The fixed-width numbers of Kafka's own serdes, big-endian: `int32()` = Integer, `int64()` and
 * `bigint64()` = Long, `double()` = Double. A wrong length is refused, and so is a number that
 * would not come back equal: a Long beyond 2^53 is an error of `int64()` and a value of
 * `bigint64()`. Their byte order is not the order of the values (-1 sorts after 1): for ordered
 * stores use the key codec.
 */
import { MillraceError } from '../errors.ts'
import { kindOf } from './kind-of.ts'
import type { Serde } from './serde.ts'

export function int32(): Serde<number> {
  return int32Serde
}

/** A Kafka Long as a number. Exact, so limited to -(2^53 - 1) .. 2^53 - 1. */
export function int64(): Serde<number> {
  return int64Serde
}

/** A Kafka Long as a bigint: all 64 bits. */
export function bigint64(): Serde<bigint> {
  return bigint64Serde
}

export function double(): Serde<number> {
  return doubleSerde
}

const scratch = new DataView(new ArrayBuffer(8))

const int32Serde: Serde<number> = Object.freeze({
  name: 'int32',
  decode(bytes: Uint8Array): number {
    expectLength('int32', bytes, 4)
    return int32At(bytes, 0)
  },
  encode(value: number): Uint8Array {
    if (typeof value !== 'number' || (value | 0) !== value) {
      throw refused('int32', value, 'give a whole number from -2^31 to 2^31 - 1, or use int64()')
    }
    const bytes = new Uint8Array(4)
    putInt32(bytes, 0, value)
    return bytes
  },
})

const int64Serde: Serde<number> = Object.freeze({
  name: 'int64',
  decode(bytes: Uint8Array): number {
    expectLength('int64', bytes, 8)
    const value = int32At(bytes, 0) * 0x1_0000_0000 + (int32At(bytes, 4) >>> 0)
    if (Number.isSafeInteger(value)) return value
    throw new MillraceError(
      'MILLRACE_DECODE',
      'this 64-bit integer is beyond 2^53, where a number is no longer exact: read it with bigint64()',
    )
  },
  encode(value: number): Uint8Array {
    if (!Number.isSafeInteger(value)) {
      throw refused('int64', value, 'give a whole number within 2^53, or use bigint64()')
    }
    const bytes = new Uint8Array(8)
    putInt32(bytes, 0, Math.floor(value / 0x1_0000_0000))
    putInt32(bytes, 4, value % 0x1_0000_0000) // ToInt32 keeps the low 32 bits, of negative numbers too
    return bytes
  },
})

const bigint64Serde: Serde<bigint> = Object.freeze({
  name: 'bigint64',
  decode(bytes: Uint8Array): bigint {
    expectLength('bigint64', bytes, 8)
    fill(bytes)
    return scratch.getBigInt64(0)
  },
  encode(value: bigint): Uint8Array {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
      throw refused('bigint64', value, 'give a bigint from -2^63 to 2^63 - 1')
    }
    scratch.setBigInt64(0, value)
    return drain()
  },
})

const doubleSerde: Serde<number> = Object.freeze({
  name: 'double',
  decode(bytes: Uint8Array): number {
    expectLength('double', bytes, 8)
    fill(bytes)
    return scratch.getFloat64(0)
  },
  encode(value: number): Uint8Array {
    if (typeof value !== 'number') throw refused('double', value, 'give a number')
    scratch.setFloat64(0, value)
    // The engine may choose the bits of a NaN; Java's doubleToLongBits always writes these.
    if (Number.isNaN(value)) scratch.setUint32(0, 0x7ff8_0000)
    if (Number.isNaN(value)) scratch.setUint32(4, 0)
    return drain()
  },
})

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
}

function fill(bytes: Uint8Array): void {
  for (let at = 0; at < 8; at++) scratch.setUint8(at, bytes[at]!)
}

function drain(): Uint8Array {
  const bytes = new Uint8Array(8)
  for (let at = 0; at < 8; at++) bytes[at] = scratch.getUint8(at)
  return bytes
}

function expectLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return
  throw new MillraceError(
    'MILLRACE_DECODE',
    `${name}() takes exactly ${length} bytes and got ${bytes.length}: was this written by another serde?`,
  )
}

function refused(name: string, value: unknown, advice: string): MillraceError {
  const what =
    typeof value === 'number' || typeof value === 'bigint' ? 'this number' : kindOf(value)
  return new MillraceError('MILLRACE_ENCODE', `${name}() cannot encode ${what}: ${advice}`)
}
