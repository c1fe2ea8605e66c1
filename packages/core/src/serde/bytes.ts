/**
 * `bytes()`: the record's bytes as they are. Decoding copies: the bytes of a source belong to its
 * fetch batch, and a value that somebody keeps must neither change with that buffer nor hold a
 * megabyte for ten bytes. Encoding does not copy: whoever made the array gives it away.
 */
import { MillraceError } from '../errors.ts'
import { kindOf } from './kind-of.ts'
import type { Serde } from './serde.ts'

const serde: Serde<Uint8Array> = Object.freeze({
  name: 'bytes',
  decode(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(bytes)
  },
  encode(value: Uint8Array): Uint8Array {
    if (value instanceof Uint8Array) return value
    throw new MillraceError(
      'MILLRACE_ENCODE',
      `bytes() cannot encode ${kindOf(value)}: give a Uint8Array or a Buffer`,
    )
  },
})

export function bytes(): Serde<Uint8Array> {
  return serde
}
