/**
 * What the suite of stores is given, and the tools its cases share: a store beside its task's state, and the log of a task in
 * small, which keeps deltas as a commit record would and gives them back folded.
 */
import { fold } from '../../checkpoint/fold.ts'
import type { FoldedState } from '../../checkpoint/fold.ts'
import { keyValueStore } from '../../state/key-value.ts'
import type { KeyValueOptions } from '../../state/key-value.ts'
import type { StoreDelta, StoreOp, TaskState } from '../../state/state.ts'
import type { KeyValueStore } from '../../state/store.ts'
import { ConformanceError, expectEqual } from './expect.ts'

export interface StoreSubject {
  /** The empty state of a task of its own. Several may be open. */
  state(): Promise<TaskState>
  dispose(): Promise<void>
}

export const storeName = 'rows'

export interface Opened<K, V> {
  readonly state: TaskState
  readonly store: KeyValueStore<K, V>
}

export async function opened<K = unknown, V = unknown>(
  subject: StoreSubject,
  options: KeyValueOptions<K, V> = {},
): Promise<Opened<K, V>> {
  const state = await subject.state()
  return { state, store: state.open(keyValueStore(storeName, options)) }
}

/** The same store in the state of another task, restored from these deltas as recovery does. */
export async function restored<K = unknown, V = unknown>(
  subject: StoreSubject,
  deltas: readonly StoreDelta[],
  options: KeyValueOptions<K, V> = {},
): Promise<Opened<K, V>> {
  const again = await opened(subject, options)
  again.state.restore(storeName, folded(deltas))
  return again
}

export function folded(
  deltas: readonly StoreDelta[],
  name: string = storeName,
): readonly StoreOp[] {
  const state: FoldedState = new Map()
  fold(state, deltas.map(inRecord))
  return [...(state.get(name) ?? [])].map(([hex, value]) => ({ key: fromHex(hex), value }))
}

/** What a commit record keeps of a delta: bytes, copied. */
export function inRecord({ store, ops }: StoreDelta): { store: string; ops: readonly StoreOp[] } {
  return {
    store,
    ops: ops.map(({ key, value }) => ({
      key: Uint8Array.from(key),
      value: value === null ? null : Uint8Array.from(value),
    })),
  }
}

/** Pairs as text, so that lists of them can be compared. */
export function shown(pairs: Iterable<readonly [unknown, unknown]>): readonly string[] {
  return [...pairs].map(([key, value]) => `${showOne(key)} = ${showOne(value)}`)
}

export function showOne(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `bytes ${value.join(',')}`
  if (Object.is(value, -0)) return '-0'
  if (value === undefined) return 'undefined'
  return JSON.stringify(value)
}

export function expectValue<K, V>(store: KeyValueStore<K, V>, key: K, value: unknown): void {
  expectEqual(showOne(store.get(key)), showOne(value), `the value of ${showOne(key)}`)
}

export function one(deltas: readonly StoreDelta[]): StoreDelta {
  const [delta, ...more] = deltas
  if (delta === undefined || more.length > 0)
    throw new ConformanceError(`expected: one delta, but got ${deltas.length}`)
  return delta
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  )
}
