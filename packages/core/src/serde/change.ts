/**
 * `change(inner)`: a change of a grouped table on its way to its group: what leaves the group, what enters it, or both in one.
 *
 * ```
 * flags (1 = old, 2 = new) | with both: length of old, u32 big-endian | old | new
 * ```
 */
import { MillraceError } from '../errors.ts'
import type { Serde } from './serde.ts'

/** Null: there is no such half. */
export interface Change {
  readonly old: unknown
  readonly value: unknown
}

const hasOld = 1
const hasNew = 2
const none = new Uint8Array(0)

export function change(inner: Serde<unknown>): Serde<Change> {
  return Object.freeze({
    name: `change(${inner.name})`,
    decode(bytes: Uint8Array): Change {
      const flags = bytes[0]
      switch (flags) {
        case hasOld:
          return { old: inner.decode(bytes.subarray(1)), value: null }
        case hasNew:
          return { old: null, value: inner.decode(bytes.subarray(1)) }
        case hasOld | hasNew: {
          if (bytes.length < 5) throw malformed()
          const end = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
          if (end > bytes.length) throw malformed()
          return {
            old: inner.decode(bytes.subarray(5, end)),
            value: inner.decode(bytes.subarray(end)),
          }
        }
        default:
          throw malformed()
      }
    },
    encode({ old, value }: Change): Uint8Array {
      const left = old === null ? none : inner.encode(old)
      const right = value === null ? none : inner.encode(value)
      const both = old !== null && value !== null
      const start = both ? 5 : 1
      const bytes = new Uint8Array(start + left.length + right.length)
      bytes[0] = (old === null ? 0 : hasOld) | (value === null ? 0 : hasNew)
      if (both) new DataView(bytes.buffer).setUint32(1, left.length)
      bytes.set(left, start)
      bytes.set(right, start + left.length)
      return bytes
    },
  })
}

function malformed(): MillraceError {
  return new MillraceError(
    'MILLRACE_DECODE',
    'this is no change of a grouped table: was it written by another serde?',
  )
}
