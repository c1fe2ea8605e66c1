/**
 * State is a fold (law 2): the deltas of a task's records, oldest first, give its state. Deltas hold absolute puts and
 * deletes, never increments, so that applying one twice is harmless.
 */
import type { StoreDelta, StoreOp } from './record.ts'

/** State as bytes: store -> key in hex -> value. */
export type FoldedState = Map<string, Map<string, Uint8Array>>

export function fold(state: FoldedState, deltas: readonly StoreDelta[]): void {
  for (const { store, ops } of deltas) {
    let rows = state.get(store)
    if (rows === undefined) state.set(store, (rows = new Map()))
    for (const { key, value } of ops) {
      const hex = toHex(key)
      if (value === null) rows.delete(hex)
      else rows.set(hex, value.slice()) // a view would keep its whole record in memory
    }
    if (rows.size === 0) state.delete(store)
  }
}

function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** A folded store as operations again, for a restore. */
export function* opsOf(rows: ReadonlyMap<string, Uint8Array>): Iterable<StoreOp> {
  for (const [hex, value] of rows) yield { key: fromHex(hex), value }
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
