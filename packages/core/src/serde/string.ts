/**
 * `string()`: text as UTF-8, byte for byte what Kafka's StringSerializer writes for well-formed
 * text. Decoding is strict: invalid bytes are refused, never replaced. Encoding refuses lone
 * surrogates, for which Java writes '?' and JavaScript U+FFFD: two different keys would become one.
 */
import { MillraceError } from '../errors.ts'
import { kindOf } from './kind-of.ts'
import type { Serde } from './serde.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

const serde: Serde<string> = Object.freeze({
  name: 'string',
  decode(bytes: Uint8Array): string {
    const text = decodeUtf8(bytes)
    if (text !== null) return text
    throw new MillraceError(
      'MILLRACE_DECODE',
      `these ${bytes.length} bytes are not UTF-8 text: read them with bytes() or with the serde that wrote them`,
    )
  },
  encode(value: string): Uint8Array {
    if (typeof value !== 'string') {
      throw new MillraceError(
        'MILLRACE_ENCODE',
        `string() cannot encode ${kindOf(value)}: give a string, or choose the serde of that type`,
      )
    }
    const bytes = encodeUtf8(value)
    if (bytes !== null) return bytes
    throw new MillraceError(
      'MILLRACE_ENCODE',
      'the text holds a lone surrogate, which UTF-8 cannot carry: call toWellFormed() on it first',
    )
  },
})

export function string(): Serde<string> {
  return serde
}
