/**
 * Reads MessagePack without building anything, before msgpackr does: lengths that the bytes cannot
 * hold, nesting, keys that are not text, text that is not UTF-8, and extensions that would build
 * objects, references or records end here. So msgpackr, and its native string reader, only ever
 * meet well-formed input, and its record mode, which compiles functions from key names, stays out
 * of reach. Iterative; one pass; allocates nothing.
 *
 * Accepted beyond plain MessagePack: fixext 0 (undefined), ext -1 (timestamp), ext 0x42 (a bigint
 * beyond 64 bits), and c1 00 | c1 01 as the first elements of an array, which marks a Map (key,
 * value, ...) or a Set.
 */
import { isUtf8 } from 'node:buffer'
import { MillraceError } from '../errors.ts'
import { dateMsMax } from './date-value.ts'
import { isUnsafeKey } from './unsafe-key.ts'
import { decodeUtf8 } from './utf8.ts'

/** The deepest nesting that can be asked for: msgpackr itself is recursive. */
export const scanDepthMost = 1_000

/** Bytes of the largest bigint, the sign included. */
export const bigintBytesMax = 1_024

const plain = 0 // nil, boolean, float, 64-bit integer: a value, not a key
const integer = 1
const text = 2
const binary = 3
const extension = 4
const array = 5
const map = 6
const never = 7

// Per token c0..df: what it is, the bytes of its length field, and its size where that is fixed.
// prettier-ignore
const kindOfToken: readonly number[] = [
  plain, never, plain, plain, binary, binary, binary, extension,
  extension, extension, plain, plain, integer, integer, integer, plain,
  integer, integer, integer, plain, extension, extension, extension, extension,
  extension, text, text, text, array, array, map, map,
]
// prettier-ignore
const widthOfToken = [
  0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
]
// prettier-ignore
const sizeOfToken = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8,
  1, 2, 4, 8, 1, 2, 4, 8, 16, 0, 0, 0, 0, 0, 0, 0,
]

// Members still to read per open container. No user code runs during a scan, so one array serves
// all.
const leftAt = new Float64Array(scanDepthMost + 1)
const isMapAt = new Uint8Array(scanDepthMost + 1)

/** Throws MILLRACE_DECODE for what must not be unpacked. True when a Map or Set is inside. */
export function scanMsgpack(bytes: Uint8Array, depthMax: number): boolean {
  const end = bytes.length
  let at = 0
  let depth = 0
  let left = 1
  let isMap = false
  let collections = false
  for (;;) {
    while (left === 0) {
      if (depth === 0) {
        if (at !== end) throw refuse(at, 'bytes follow the value')
        return collections
      }
      depth--
      left = leftAt[depth]!
      isMap = isMapAt[depth] === 1
    }
    const isKey = isMap && left % 2 === 0
    left--
    const start = at
    if (at >= end) throw tooShort(start)
    const token = bytes[at++]!
    if (token < 0x80 || token >= 0xe0) continue

    let kind: number = text
    let size = token & 0x1f
    if (token < 0xa0) {
      kind = token < 0x90 ? map : array
      size = token & 0x0f
    } else if (token >= 0xc0) {
      kind = kindOfToken[token - 0xc0]!
      const width = widthOfToken[token - 0xc0]!
      if (at + width > end) throw tooShort(start)
      size = width === 0 ? sizeOfToken[token - 0xc0]! : uintAt(bytes, at, width)
      at += width
    }
    if (isKey && kind !== text && kind !== integer)
      throw refuse(start, 'a map has a key that is not text')

    if (kind === array || kind === map) {
      // Every member takes a byte at least, so what the bytes cannot hold is refused before anyone
      // allocates it.
      const members = kind === map ? 2 * size : size
      if (members > end - at) throw tooShort(start)
      if (depth >= depthMax) throw refuse(start, `it nests deeper than ${depthMax} levels`)
      leftAt[depth] = left
      isMapAt[depth] = isMap ? 1 : 0
      depth++
      left = members
      isMap = kind === map
      if (kind === array && size > 0 && bytes[at] === 0xc1) {
        expectCollection(bytes, at, size)
        at += 2
        left -= 2
        collections = true
      }
      continue
    }
    if (kind === never) throw refuse(start, 'the token c1 is never used')
    if (kind === extension) {
      if (at + 1 + size > end) throw tooShort(start)
      expectExtension(bytes, at, size)
      at += 1 + size
      continue
    }
    if (at + size > end) throw tooShort(start)
    if (kind === text) expectText(bytes, at, size, isKey)
    at += size
  }
}

function expectText(bytes: Uint8Array, from: number, size: number, isKey: boolean): void {
  const to = from + size
  let seen = 0
  for (let at = from; at < to; at++) seen |= bytes[at]!
  if (seen > 0x7f && !isUtf8(bytes.subarray(from, to))) throw refuse(from, 'its text is not UTF-8')
  if (!isKey || (size !== 9 && size !== 11)) return
  const key = decodeUtf8(bytes.subarray(from, to))
  if (key !== null && isUnsafeKey(key))
    throw refuse(from, `a key is ${key}, which could pollute a prototype`)
}

function expectExtension(bytes: Uint8Array, at: number, size: number): void {
  const type = bytes[at]!
  if (type === 0x00 && size === 1) return
  if (type === 0x42 && size >= 1 && size <= bigintBytesMax) return
  if (type === 0xff && (size === 4 || size === 8)) return
  if (type === 0xff && size === 12) {
    const seconds = (uintAt(bytes, at + 5, 4) | 0) * 0x1_0000_0000 + uintAt(bytes, at + 9, 4)
    const nanos = uintAt(bytes, at + 1, 4)
    if (nanos < 1e9 && Math.abs(seconds * 1_000 + nanos / 1e6) <= dateMsMax) return
    throw refuse(at, 'its date is out of range')
  }
  throw refuse(at, `extension ${type} of ${size} bytes is not accepted`)
}

function expectCollection(bytes: Uint8Array, at: number, size: number): void {
  const kind = bytes[at + 1]
  if (size >= 2 && kind === 0x01) return
  if (size >= 2 && kind === 0x00 && size % 2 === 0) return
  throw refuse(at, 'a Map or Set is not well-formed')
}

function uintAt(bytes: Uint8Array, at: number, width: number): number {
  if (width === 1) return bytes[at]!
  const high = (bytes[at]! << 8) | bytes[at + 1]!
  return width === 2 ? high : high * 0x1_0000 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
}

function tooShort(at: number): MillraceError {
  return refuse(at, 'it ends too early for the length it states')
}

function refuse(at: number, because: string): MillraceError {
  return new MillraceError(
    'MILLRACE_DECODE',
    `the record is not MessagePack that msgpack() accepts (byte ${at}: ${because}): ` +
      'correct its producer or choose the serde that fits',
  )
}
