/** Keys to bytes (layout: key-tags.ts). Refuses what would not come back equal, with MILLRACE_ENCODE. */
import { MillraceError } from '../errors.ts'
import { isDate } from './date-value.ts'
import { bigintBytesMax, keyDepthMax, tag } from './key-tags.ts'
import { kindOf } from './kind-of.ts'
import { isUnsafeKey } from './unsafe-key.ts'
import { encodeUtf8 } from './utf8.ts'

export function encodeKey(key: unknown): Uint8Array {
  if (typeof key === 'string') {
    const bytes = encodeShortString(key)
    if (bytes !== null) return bytes
  } else if (typeof key === 'number') {
    const bytes = new Uint8Array(9)
    bytes[0] = tag.number
    putDouble(bytes, 1, key)
    return bytes
  }
  const out = new Output()
  writeKey(out, key, 0)
  return out.bytes.slice(0, out.length)
}

// Most keys are short ASCII text: one array of its exact size, no growing buffer.
function encodeShortString(text: string): Uint8Array | null {
  const length = text.length
  if (length > 61) return null
  const bytes = new Uint8Array(length + 3) // zeroed: the last two are the end mark
  bytes[0] = tag.string
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0 || unit > 0x7f) return null
    bytes[at + 1] = unit
  }
  return bytes
}

class Output {
  bytes: Uint8Array = new Uint8Array(64)
  length = 0

  /** Makes room for `count` more bytes and returns where they start. */
  take(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(this.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    return at
  }

  byte(value: number): void {
    const at = this.take(1)
    this.bytes[at] = value
  }
}

function writeKey(out: Output, key: unknown, depth: number): void {
  if (key === null) return out.byte(tag.null)
  switch (typeof key) {
    case 'boolean':
      return out.byte(key ? tag.true : tag.false)
    case 'number':
      return writeDouble(out, tag.number, key)
    case 'bigint':
      return writeBigint(out, key)
    case 'string':
      return writeString(out, key)
    case 'object':
      return writeObject(out, key, depth)
    case 'undefined':
    case 'function':
    case 'symbol':
      throw refused(
        kindOf(key),
        'use null, a boolean, number, bigint, string, bytes, Date, array or plain object',
      )
  }
}

function writeObject(out: Output, key: object, depth: number): void {
  if (key instanceof Uint8Array) return writeEscaped(out, tag.bytes, key)
  if (isDate(key)) {
    if (Number.isNaN(key.getTime()))
      throw refused('an invalid Date', 'filter such rows before keyBy')
    return writeDouble(out, tag.date, key.getTime())
  }
  if (depth >= keyDepthMax)
    throw refused(`more than ${keyDepthMax} nested levels`, 'use a flatter key')
  if (Array.isArray(key)) {
    out.byte(tag.array)
    // By index: a hole is undefined and is refused, where forEach would step over it.
    for (let at = 0; at < key.length; at++) writeKey(out, key[at], depth + 1)
    return out.byte(tag.end)
  }
  const prototype: unknown = Object.getPrototypeOf(key)
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused(
      kindOf(key),
      'use a tuple or plain object of the fields that make two of them equal',
    )
  }
  out.byte(tag.object)
  for (const name of Object.keys(key).sort()) {
    if (isUnsafeKey(name)) throw refused(`an object with a field ${name}`, 'use a tuple')
    writeString(out, name)
    writeKey(out, (key as Record<string, unknown>)[name], depth + 1)
  }
  out.byte(tag.end)
}

function writeDouble(out: Output, tagByte: number, value: number): void {
  const at = out.take(9)
  out.bytes[at] = tagByte
  putDouble(out.bytes, at + 1, value)
}

const scratch = new DataView(new ArrayBuffer(8))

function putDouble(bytes: Uint8Array, at: number, value: number): void {
  if (Number.isNaN(value))
    throw refused('NaN', 'it equals nothing, not even itself: filter such rows before keyBy')
  scratch.setFloat64(0, value === 0 ? 0 : value) // -0 becomes 0
  let high = scratch.getInt32(0)
  let low = scratch.getInt32(4)
  if (high < 0) low = ~low
  high = high < 0 ? ~high : high ^ 0x8000_0000
  bytes[at] = high >> 24
  bytes[at + 1] = high >> 16
  bytes[at + 2] = high >> 8
  bytes[at + 3] = high
  bytes[at + 4] = low >> 24
  bytes[at + 5] = low >> 16
  bytes[at + 6] = low >> 8
  bytes[at + 7] = low
}

function writeBigint(out: Output, value: bigint): void {
  const negative = value < 0n
  if (BigInt.asIntN(bigintBytesMax * 8 + 1, value) !== value) {
    throw refused(`a bigint of more than ${bigintBytesMax} bytes`, 'use its text or a hash of it')
  }
  let hex = value === 0n ? '' : (negative ? -value : value).toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const length = hex.length / 2
  if (length > bigintBytesMax) {
    throw refused(`a bigint of more than ${bigintBytesMax} bytes`, 'use its text or a hash of it')
  }
  const at = out.take(2 + length)
  out.bytes[at] = tag.bigint
  out.bytes[at + 1] = negative ? 0x7f - length : 0x80 + length
  for (let index = 0; index < length; index++) {
    const byte = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16)
    out.bytes[at + 2 + index] = negative ? ~byte : byte
  }
}

function writeString(out: Output, text: string): void {
  const bytes = encodeUtf8(text)
  if (bytes === null) throw refused('text with a lone surrogate', 'call toWellFormed() on it first')
  writeEscaped(out, tag.string, bytes)
}

function writeEscaped(out: Output, tagByte: number, content: Uint8Array): void {
  let zeros = 0
  for (let index = 0; index < content.length; index++) if (content[index] === 0) zeros++
  let at = out.take(content.length + zeros + 3)
  const bytes = out.bytes
  bytes[at++] = tagByte
  for (let index = 0; index < content.length; index++) {
    const byte = content[index]!
    bytes[at++] = byte
    if (byte === 0) bytes[at++] = 0xff
  }
  bytes[at] = 0
  bytes[at + 1] = 0
}

function refused(what: string, advice: string): MillraceError {
  return new MillraceError('MILLRACE_ENCODE', `a key cannot be ${what}: ${advice}`)
}
