/**
 * Bytes to keys (layout: key-tags.ts). Only bytes that `encodeKey` writes are accepted, so that
 * equal keys have equal bytes whoever wrote them; all else is MILLRACE_DECODE.
 */
import { MillraceError } from '../errors.ts'
import { dateMsMax, dateOf } from './date-value.ts'
import { keyDepthMax, tag } from './key-tags.ts'
import { isUnsafeKey } from './unsafe-key.ts'
import { decodeUtf8 } from './utf8.ts'

export function decodeKey(bytes: Uint8Array): unknown {
  const input: Input = { bytes, at: 0 }
  const key = readKey(input, 0)
  if (input.at !== bytes.length) throw damaged(input, 'bytes follow the key')
  return key
}

interface Input {
  readonly bytes: Uint8Array
  at: number
}

function readKey(input: Input, depth: number): unknown {
  const tagByte: number = input.bytes[input.at++] ?? -1
  switch (tagByte) {
    case tag.null:
      return null
    case tag.false:
      return false
    case tag.true:
      return true
    case tag.number:
      return readDouble(input)
    case tag.bigint:
      return readBigint(input)
    case tag.string:
      return readString(input)
    case tag.bytes:
      return readEscaped(input)
    case tag.date:
      return readDate(input)
    case tag.array:
      return readArray(input, depth)
    case tag.object:
      return readObject(input, depth)
    default:
      input.at--
      throw damaged(input, 'no key starts like this')
  }
}

function readArray(input: Input, depth: number): unknown[] {
  if (depth >= keyDepthMax) throw damaged(input, `it nests deeper than ${keyDepthMax} levels`)
  const array: unknown[] = []
  while (input.bytes[input.at] !== tag.end) array.push(readKey(input, depth + 1))
  input.at++
  return array
}

function readObject(input: Input, depth: number): Record<string, unknown> {
  if (depth >= keyDepthMax) throw damaged(input, `it nests deeper than ${keyDepthMax} levels`)
  const object: Record<string, unknown> = {}
  let last: string | undefined
  while (input.bytes[input.at] !== tag.end) {
    if (input.bytes[input.at] !== tag.string)
      throw damaged(input, 'a field must start with its name')
    input.at++
    const name = readString(input)
    if (isUnsafeKey(name)) throw damaged(input, `a field is named ${name}`)
    if (last !== undefined && name <= last) throw damaged(input, 'its fields are not in order')
    object[name] = readKey(input, depth + 1)
    last = name
  }
  input.at++
  return object
}

const scratch = new DataView(new ArrayBuffer(8))

function readDouble(input: Input): number {
  const { bytes, at } = input
  if (at + 8 > bytes.length) throw damaged(input, 'it ends too early')
  const positive = bytes[at]! >= 0x80
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index]!
    scratch.setUint8(index, positive ? (index === 0 ? byte ^ 0x80 : byte) : ~byte)
  }
  const value = scratch.getFloat64(0)
  if (Number.isNaN(value) || Object.is(value, -0)) throw damaged(input, 'its number is NaN or -0')
  input.at += 8
  return value
}

function readDate(input: Input): Date {
  const epochMs = readDouble(input)
  if (Number.isInteger(epochMs) && Math.abs(epochMs) <= dateMsMax) return dateOf(epochMs)
  throw damaged(input, 'its date is out of range')
}

function readBigint(input: Input): bigint {
  const head = input.bytes[input.at++] ?? 0x7f // 0x7f would be a negative zero, which is refused below
  const negative = head < 0x80
  const length = negative ? 0x7f - head : head - 0x80
  if (input.at + length > input.bytes.length) throw damaged(input, 'it ends too early')
  let hex = ''
  for (let index = 0; index < length; index++) {
    const byte = input.bytes[input.at++]!
    hex += (negative ? byte ^ 0xff : byte).toString(16).padStart(2, '0')
  }
  if (hex.startsWith('00') || (negative && length === 0))
    throw damaged(input, 'its bigint is not in shortest form')
  const magnitude = length === 0 ? 0n : BigInt(`0x${hex}`)
  return negative ? -magnitude : magnitude
}

function readString(input: Input): string {
  const text = decodeUtf8(readEscaped(input))
  if (text === null) throw damaged(input, 'its text is not UTF-8')
  return text
}

/** Always a copy: a decoded key outlives the bytes it came from. */
function readEscaped(input: Input): Uint8Array {
  const { bytes } = input
  const start = input.at
  let zeros = 0
  let at = start
  for (; ; at++) {
    if (at + 1 >= bytes.length) throw damaged(input, 'it ends too early')
    if (bytes[at] !== 0) continue
    if (bytes[at + 1] === 0) break
    if (bytes[at + 1] !== 0xff) throw damaged(input, 'it holds an unknown escape')
    zeros++
    at++
  }
  input.at = at + 2
  const content = new Uint8Array(at - start - zeros)
  for (let from = start, to = 0; from < at; from++) {
    const byte = bytes[from]!
    content[to++] = byte
    if (byte === 0) from++
  }
  return content
}

function damaged(input: Input, because: string): MillraceError {
  return new MillraceError(
    'MILLRACE_DECODE',
    `these ${input.bytes.length} bytes are not a key of the key codec (byte ${input.at}: ${because}): ` +
      'read them with the serde that wrote them',
  )
}
