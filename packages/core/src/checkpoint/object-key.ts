/**
 * Keys of an object store: what is refused, and the one order. Every store checks with these
 * functions before anything else, so that a key means the same in a directory, in memory and in S3.
 *
 * - Each segment is exactly what `encodeSegment` makes of some text, so none is empty, `.` or `..`,
 *   or holds a separator, NUL or half a surrogate pair. A segment has at most 255 bytes (file
 *   names), a key 1,024 (S3).
 * - Keys are ordered by their UTF-8 bytes. JavaScript's `<` compares UTF-16 units, which puts
 *   U+1F600 below U+FFFD.
 * - No key is the folder of another one: a directory cannot hold both `a` and `a/b`.
 */
import { MillraceError } from '../errors.ts'
import { encodeSegment } from './object-store.ts'

const segmentBytesMax = 255
const keyBytesMax = 1_024

const plainSegment = /^[A-Za-z0-9_=-][A-Za-z0-9_.=-]*$/
const loneSurrogate = /[\uD800-\uDFFF]/u
const utf8 = new TextEncoder()

/** True iff `encodeSegment` makes this segment of some text, and every store can hold it. */
export function isSegment(segment: string): boolean {
  if (plainSegment.test(segment)) return segment.length <= segmentBytesMax
  if (segment === '' || loneSurrogate.test(segment)) return false
  if (encodeSegment(decodeSegment(segment)) !== segment) return false
  return utf8.encode(segment).length <= segmentBytesMax
}

/** The text that `encodeSegment` made this segment of. */
export function decodeSegment(segment: string): string {
  if (segment === '%') return ''
  return segment.replace(/%([0-7][0-9A-F])/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

export function checkKey(key: string): void {
  if (!key.split('/').every(isSegment)) throw refused('key', key)
  checkLength('key', key)
}

/** A prefix is any beginning of a key: whole segments, then perhaps a part of the next one. */
export function checkPrefix(prefix: string): void {
  const segments = prefix.split('/')
  const part = segments.pop() ?? ''
  if (!segments.every(isSegment) || !/^(?:[A-Za-z0-9_.=%-]|[^\0-\x7f])*$/.test(part))
    throw refused('prefix', prefix)
  checkLength('prefix', prefix)
}

/** Byte order of the keys in UTF-8, which is the order of code points. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Moves the surrogates, which stand for code points above U+FFFF, behind all other units. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function checkLength(what: string, text: string): void {
  const bytes = utf8.encode(text).length
  if (bytes <= keyBytesMax) return
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `object store: a ${what} of ${bytes} bytes is above the limit of ${keyBytesMax}: shorten the names of the app, the sub-topology or the topic it is made of`,
  )
}

function refused(what: string, text: string): MillraceError {
  return new MillraceError(
    'MILLRACE_CONFIG',
    `object store: ${JSON.stringify(text.slice(0, 300))} is not a ${what}: make each segment with encodeSegment() from a text of at most ${segmentBytesMax} encoded bytes, and join them by single slashes`,
  )
}
