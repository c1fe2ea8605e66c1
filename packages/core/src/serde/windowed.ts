/**
 * Serdes of windowed keys, in the order in which closed windows leave: `timeWindowed` writes the key, then the start (windows of one
 * length: the end follows from it); `sessionWindowed` the key, then end and start. Times are 8 bytes each, big-endian.
 */
import { MillraceError } from '../errors.ts'
import type { Windowed } from '../time/windows.ts'
import type { Serde } from './serde.ts'

/** `sizeMs`: of every window; Infinity where they never end. */
export function timeWindowed<K>(key: Serde<K>, sizeMs: number): Serde<Windowed<K>> {
  return Object.freeze({
    name: `windowed(${key.name},${sizeMs})`,
    encode(windowed: Windowed<K>): Uint8Array {
      const inner = key.encode(windowed.key)
      const bytes = new Uint8Array(inner.length + 8)
      bytes.set(inner)
      putTime(bytes, inner.length, windowed.start)
      return bytes
    },
    decode(bytes: Uint8Array): Windowed<K> {
      const at = keyLength(bytes, 8)
      const start = timeAt(bytes, at)
      return { key: key.decode(bytes.subarray(0, at)), start, end: start + sizeMs }
    },
  })
}

export function sessionWindowed<K>(key: Serde<K>): Serde<Windowed<K>> {
  return Object.freeze({
    name: `sessions(${key.name})`,
    encode(windowed: Windowed<K>): Uint8Array {
      const inner = key.encode(windowed.key)
      const bytes = new Uint8Array(inner.length + 16)
      bytes.set(inner)
      putTime(bytes, inner.length, windowed.end)
      putTime(bytes, inner.length + 8, windowed.start)
      return bytes
    },
    decode(bytes: Uint8Array): Windowed<K> {
      const at = keyLength(bytes, 16)
      return {
        key: key.decode(bytes.subarray(0, at)),
        start: timeAt(bytes, at + 8),
        end: timeAt(bytes, at),
      }
    },
  })
}

function keyLength(bytes: Uint8Array, times: number): number {
  if (bytes.length >= times) return bytes.length - times
  throw new MillraceError(
    'MILLRACE_DECODE',
    `a windowed key ends with ${times} bytes of times and has ${bytes.length} in all: was it written by another serde?`,
  )
}

/** Times are whole and never negative. */
function putTime(bytes: Uint8Array, at: number, time: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(at, Math.floor(time / 0x1_0000_0000))
  view.setUint32(at + 4, time % 0x1_0000_0000)
}

function timeAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
}
