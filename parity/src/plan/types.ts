/**
 * TYPE of a plan: which bytes a key or value has on the wire and in stores, and how it looks in the rows of a case. Stores are ordered
 * by the bytes of their keys: those of a windowed key are the key's and the start, of a session the key's, the end and the start.
 */
import { double, int32, int64, json, string } from '@millrace/core'
import type { Serde, Windowed } from '@millrace/core'

export type PlanType =
  | { readonly name: 'string' | 'integer' | 'long' | 'double' | 'json' }
  | { readonly name: 'windowed'; readonly of: PlanType; readonly session: boolean }

const plain = ['string', 'integer', 'long', 'double', 'json'] as const

/** `session`: the windows of a windowed type are sessions, as far as anybody knows. */
export function parseType(text: string, session: boolean = false): PlanType {
  const name = plain.find((known) => known === text)
  if (name !== undefined) return { name }
  const inner = /^windowed<(.+)>$/.exec(text)?.[1]
  if (inner === undefined) throw new Error(`unknown type ${text}`)
  return { name: 'windowed', of: parseType(inner), session }
}

export function isSession(type: PlanType): boolean {
  return type.name === 'windowed' && type.session
}

export function serdeOf(type: PlanType): Serde<any> {
  switch (type.name) {
    case 'string':
      return string()
    case 'integer':
      return int32()
    case 'long':
      return int64()
    case 'double':
      return double()
    case 'json':
      return json()
    case 'windowed':
      return windowed(serdeOf(type.of), type.session)
  }
}

/** As the rows of a case write it. An endless window ends at infinity. */
export function toRow(type: PlanType, value: unknown): unknown {
  if (type.name !== 'windowed' || value === null) return value
  const { key, start, end } = value as Windowed<unknown>
  return { windowed: toRow(type.of, key), start, end }
}

/** Back from the rows of a case. */
export function fromRow(type: PlanType, value: unknown): unknown {
  if (type.name !== 'windowed' || value === null) return value
  const row = value as { windowed: unknown; start: number; end: number }
  return { key: fromRow(type.of, row.windowed), start: row.start, end: endOf(row.end) }
}

/** The largest Long, which JSON.parse reads as 2^63, means that a window never ends. */
export function endOf(end: number): number {
  return end >= 2 ** 63 ? Infinity : end
}

function windowed(inner: Serde<any>, session: boolean): Serde<Windowed<unknown>> {
  return {
    name: `windowed<${inner.name}>`,
    encode({ key, start, end }) {
      const bytes = inner.encode(key)
      const all = new Uint8Array(bytes.length + 16)
      const view = new DataView(all.buffer)
      all.set(bytes)
      view.setBigInt64(bytes.length, long(session ? end : start))
      view.setBigInt64(bytes.length + 8, long(session ? start : end))
      return all
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const at = bytes.length - 16
      const first = endOf(Number(view.getBigInt64(at)))
      const second = endOf(Number(view.getBigInt64(at + 8)))
      const key: unknown = inner.decode(bytes.subarray(0, at))
      return session ? { key, start: second, end: first } : { key, start: first, end: second }
    },
  }
}

function long(ms: number): bigint {
  return ms === Infinity ? 2n ** 63n - 1n : BigInt(ms)
}
