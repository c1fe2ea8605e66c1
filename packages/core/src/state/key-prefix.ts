/**
 * Bytes with which keys of the key codec begin: `keyPrefix('or')` finds 'orders', `keyPrefix(['a', 1])` finds ['a', 1] and
 * ['a', 1, 'x']. They are the bytes of the key without what ends it.
 */
import { encodeKey } from '../serde/key-codec.ts'
import type { Key } from '../serde/key-codec.ts'

const stringEnd = 2
const arrayEnd = 1

export function keyPrefix(prefix: string | readonly Key[]): Uint8Array {
  const bytes = encodeKey(prefix)
  return bytes.subarray(0, bytes.length - (typeof prefix === 'string' ? stringEnd : arrayEnd))
}
