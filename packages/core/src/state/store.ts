/**
 * Stores: the state of a task's processors. Synchronous (law 8), and a fold of the task's inputs (law 2).
 *
 * For processors:
 * - Two keys are equal iff their serde makes equal bytes: 1 is not '1', -0 is 0, NaN is refused. What is no key is refused
 *   when it is put. Order is the unsigned order of these bytes.
 * - A value that was put belongs to the store. Within one row you may change what `get` gave you, and `put` it: what is
 *   changed and not put is lost at the next restart, and what is kept over rows is not yours any more. One object stands under
 *   one key of one store.
 * - `get` after a `put` gives the very object. Behind an eviction or a restore it is what the serde makes of it: put only
 *   what the serde gives back equal.
 * - Ordered reads (`range`, `prefix`, `all`) need a store that declares `ordered: true`: on disk the one synchronous read is
 *   get by key, so sorted keys, not values, are kept in memory, bounded by `orderedKeysMax`. They show the keys that were
 *   there when they were called, with the values of the moment in which each is reached; a key deleted meanwhile is left out.
 *
 * For the task: `state.ts`. For what is read together (windows, sessions, versions of a key): `shapes.ts`.
 */
import type { Serde } from '../serde/serde.ts'
import type { StoreView } from './stored-rows.ts'

export interface KeyValueStore<in out K, in out V> {
  readonly name: string
  get(key: K): V | undefined
  /** Replaces. A value is never undefined: `delete` instead. */
  put(key: K, value: V): void
  /** A key that is not there is no matter. */
  delete(key: K): void
  /** Both bounds included; undefined leaves that side open. From the lowest key on, or `reverse` from the highest. */
  range(from: K | undefined, to: K | undefined, options?: RangeOptions): Iterable<readonly [K, V]>
  /** Keys whose bytes begin with these; `keyPrefix` makes them for text and tuples. */
  prefix(bytes: Uint8Array, options?: RangeOptions): Iterable<readonly [K, V]>
  all(options?: RangeOptions): Iterable<readonly [K, V]>
}

export interface RangeOptions {
  readonly reverse?: boolean
  /** At most so many keys. */
  readonly limit?: number
}

/**
 * `key`: touched only under the key of the row in progress, so its rows move with that key when a task is split. `task`: any
 * key; a rescale refuses unless the store says how to divide it.
 */
export type StoreScope = 'key' | 'task'

export type StoreShape = 'key-value' | 'window' | 'session' | 'versioned' | 'due'

/** What an operator declares. Frozen data; nothing is opened before a task opens its state. */
export interface StoreSpec<out S = unknown> {
  readonly kind: 'millrace.store'
  /** Stable: the name under which its rows are found again (law 11). */
  readonly name: string
  readonly shape: StoreShape
  readonly scope: StoreScope
  readonly ordered: boolean
  /** Names of the serdes and the numbers that a checkpoint must agree with: part of the fingerprint. */
  readonly facts: string
  /** How long rows are kept behind T, by event time. Undefined: for ever. */
  readonly retentionMs: number | undefined
  readonly ttl: Ttl | undefined
  /** How it is asked by its name. Undefined: it is the engine's own. */
  readonly view?: StoreView | undefined
  open(backing: Backing): S
}

/** Rows untouched for so long expire. Expiry is an ordinary delete, so no restore brings a row back. */
export interface Ttl {
  readonly afterMs: number
  /** By event time it is a fold of the inputs, whatever the wall clock does. */
  readonly by: 'event' | 'processing'
  /** What counts as a touch. */
  readonly refresh: 'write' | 'readWrite'
}

/** What a store with expiry asks for the time. */
export interface StoreClocks {
  /** T of the stage; under stream time with the row in progress. */
  eventTime(): number
  /** As young is what is written now: the time of the row in progress, or T if that is later. */
  writeTime(): number
  /** Wall clock of the task. */
  now(): number
}

/** Where a spec puts its rows: the state of the task that opens it. Every shape is a key-value store below. */
export interface Backing {
  /** Needed by specs with ttl. */
  readonly clocks?: StoreClocks | undefined
  keyValue<K, V>(rows: Rows<K, V>): KeyValueStore<K, V>
  due<V>(rows: DueRows<V>): DueStore<V>
}

/**
 * Order by time over all keys: closes, timers, suppressed rows, expiry. Entries are identified by (time, id); the order is time, then
 * the unsigned bytes of the id. `put` replaces.
 *
 * On disk only the lowest entries are in memory. A read that comes to their end may have missed some: the store is `starved` then, and
 * the task calls again what stopped here (`drain`) once they are there. So take the lowest entry and delete it, do not remember that
 * there was none, and decide nothing by it: a row that comes meanwhile, of the same push, waits in a line.
 */
export interface DueStore<in out V = null> {
  readonly name: string
  put(time: number, id: Uint8Array, value: V): void
  delete(time: number, id: Uint8Array): void
  get(time: number, id: Uint8Array): V | undefined
  /** The lowest entry, if its time is at most `upTo`. */
  first(upTo: number): Due<V> | undefined
  /** In order, from the lowest on. Entries that are deleted meanwhile are left out; whether new ones are seen is not said. */
  entries(): Iterable<Due<V>>
  /** Entries there are. */
  readonly size: number
  /** A read found none in memory, and there may be one on disk: what is owed is not known before the task has fetched it. */
  readonly starved: boolean
}

export interface Due<out V = null> {
  readonly time: number
  readonly id: Uint8Array
  readonly value: V
}

export interface DueRows<in out V> {
  readonly name: string
  readonly value: Serde<V>
}

export interface Rows<in out K, in out V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly ordered: boolean
  readonly orderedKeysMax: number
}
