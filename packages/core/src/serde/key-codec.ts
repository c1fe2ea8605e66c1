/**
 * The order-preserving key codec: the default serde of keys. Unsigned byte order of the encoded
 * keys is the order of the values within a type, two keys are equal iff their bytes are, and no key
 * is the prefix of another (layout: key-tags.ts).
 *
 * - Every number is a double, so integers and fractions interleave. -0 is 0, NaN is refused,
 *   infinities sort outermost. Alternative not taken: shorter integers, which need a second tag and
 *   then sort apart from fractions.
 * - Strings sort by code point, as UTF-8 and Java's bytes do; `<` in JavaScript puts U+E000..U+FFFF
 *   behind the astral planes. Lone surrogates are refused.
 * - A plain object is its entries sorted by key: equal whatever the order in which they were
 *   written. It has no natural order to keep. Undefined, functions, symbols and class instances are
 *   refused.
 */
import { decodeKey } from './key-decode.ts'
import { encodeKey } from './key-encode.ts'
import type { Serde } from './serde.ts'

export { decodeKey, encodeKey }

/** What a key can be. */
export type Key =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | readonly Key[]
  | { readonly [field: string]: Key }

const serde: Serde<unknown> = Object.freeze({ name: 'key', decode: decodeKey, encode: encodeKey })

/** `keyCodec<K>()`: unchecked on the type K; what is not a key is refused when it is encoded. */
export function keyCodec<K = unknown>(): Serde<K> {
  return serde as Serde<K>
}
