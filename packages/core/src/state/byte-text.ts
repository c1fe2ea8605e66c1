/** Bytes as text, one character each: what a Map can take for a key. */
import { Buffer } from 'node:buffer'

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
