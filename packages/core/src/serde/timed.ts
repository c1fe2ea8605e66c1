/**
 * `timed(...)`: a value with its event time, as tables and aggregates keep them: the time in 8 bytes (a double, big-endian), then
 * the value as its own serde writes it.
 */
import { MillraceError } from '../errors.ts'
import type { Serde } from './serde.ts'

export interface Timed<V = unknown> {
  value: V
  time: number
}

export function timed<V>(inner: Serde<V>): Serde<Timed<V>> {
  return Object.freeze({
    name: `timed(${inner.name})`,
    encode({ value, time }: Timed<V>): Uint8Array {
      const body = inner.encode(value)
      const bytes = new Uint8Array(8 + body.length)
      viewOf(bytes).setFloat64(0, time)
      bytes.set(body, 8)
      return bytes
    },
    decode(bytes: Uint8Array): Timed<V> {
      if (bytes.length < 8)
        throw new MillraceError(
          'MILLRACE_DECODE',
          `a timed value has at least 8 bytes, and this has ${bytes.length}: was it written by another serde?`,
        )
      return { value: inner.decode(bytes.subarray(8)), time: viewOf(bytes).getFloat64(0) }
    },
  })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
