/**
 * KTable: the typed handle of a table: the newest value of each key, as a stream of changes. A null value is a tombstone and never
 * reaches a user's function, save `transformValues`. Value comes first, key second, in every function.
 */
import type { Serde } from '../serde/serde.ts'
import type { Sink } from '../sink.ts'
import type { Duration } from '../time/duration.ts'
import type { KStream, NodeOptions } from './kstream.ts'

export interface TableOptions extends NodeOptions {
  /** Name of its store, which makes it queryable: `app.store(name)`. */
  readonly store?: string
  /** Serdes of its store. Default: those of the stream it comes from, else the key codec and msgpack. */
  readonly key?: Serde<any>
  readonly value?: Serde<any>
  /** Keeps a store of its own, where it need not. A named `store` is one. */
  readonly materialized?: boolean
  /** `each` (default): every change goes on. `latest`: the newest of each key, once per commit. */
  readonly updates?: 'each' | 'latest'
}

export interface ToTableOptions extends TableOptions {
  /** Keeps the history of each key for so long, for joins as of the time of a row. */
  readonly versioned?: { readonly history: Duration }
}

export interface GroupTableOptions extends NodeOptions {
  readonly key?: Serde<any>
  readonly value?: Serde<any>
  /** Partitions of the repartition log. */
  readonly partitions?: number
}

export interface BufferOptions {
  readonly maxRecords?: number
  readonly maxBytes?: number
  /** `emitEarly` lets the oldest go; `shutDown` fails the task. */
  readonly whenFull?: 'emitEarly' | 'shutDown'
}

export type SuppressOptions =
  /** One final result for each window, when it closes. */
  | (NodeOptions & {
      readonly until: 'windowCloses'
      readonly buffer?: Omit<BufferOptions, 'whenFull'> & { readonly whenFull?: 'shutDown' }
    })
  /** The newest change of a key, so long after its first one. */
  | (NodeOptions & {
      readonly until: 'timeLimit'
      readonly after: Duration
      readonly buffer?: BufferOptions
    })

export interface KTable<K, V> {
  /** Changes of rows that do not pass become tombstones. */
  filter<U extends V>(keep: (value: V, key: K) => value is U, options?: TableOptions): KTable<K, U>
  filter(keep: (value: V, key: K) => boolean, options?: TableOptions): KTable<K, V>
  filterNot(drop: (value: V, key: K) => boolean, options?: TableOptions): KTable<K, V>
  mapValues<U extends {}>(map: (value: V, key: K) => U, options?: TableOptions): KTable<K, U>
  /** Like mapValues, and called for tombstones, too. */
  transformValues<U extends {}>(
    map: (value: V | null, key: K) => U | null,
    options?: TableOptions,
  ): KTable<K, U>

  /** Changes as a stream; tombstones are dropped and counted unless asked for. */
  toStream(options?: NodeOptions): KStream<K, V>
  toStream(options: NodeOptions & { readonly tombstones: true }): KStream<K, V | null>
  /** Writes each change; a tombstone as null. */
  to(sink: Sink<V | null>, options?: NodeOptions): void

  suppress(options: SuppressOptions): KTable<K, V>

  /** Groups rows by a new key; null leaves the row out. A change takes the old value out of its group and adds the new one. */
  groupBy<K2, V2>(
    group: (value: V, key: K) => readonly [K2, V2] | null,
    options?: GroupTableOptions,
  ): KTableGrouped<K2, V2>

  /** By the key of both; both must have equally many partitions. */
  join<V2, R extends {}>(
    other: KTable<K, V2>,
    join: (left: V, right: V2, key: K) => R,
    options?: TableOptions,
  ): KTable<K, R>
  leftJoin<V2, R extends {}>(
    other: KTable<K, V2>,
    join: (left: V, right: V2 | null, key: K) => R,
    options?: TableOptions,
  ): KTable<K, R>
  outerJoin<V2, R extends {}>(
    other: KTable<K, V2>,
    join: (left: V | null, right: V2 | null, key: K) => R,
    options?: TableOptions,
  ): KTable<K, R>

  /** By a key that the left value holds. Keys need not be partitioned alike. */
  joinForeign<K2, V2, R extends {}>(
    other: KTable<K2, V2>,
    foreignKey: (value: V, key: K) => K2 | null,
    join: (left: V, right: V2) => R,
    options?: ForeignJoinOptions,
  ): KTable<K, R>
  leftJoinForeign<K2, V2, R extends {}>(
    other: KTable<K2, V2>,
    foreignKey: (value: V, key: K) => K2 | null,
    join: (left: V, right: V2 | null) => R,
    options?: ForeignJoinOptions,
  ): KTable<K, R>
}

export interface ForeignJoinOptions extends TableOptions {
  /** Partitions of the two internal logs. */
  readonly partitions?: number
}

export interface KTableGrouped<K, V> {
  count(options?: TableOptions): KTable<K, number>
  reduce(
    add: (aggregate: V, value: V, key: K) => V,
    subtract: (aggregate: V, value: V, key: K) => V,
    options?: TableOptions,
  ): KTable<K, V>
  aggregate<A>(
    init: () => A,
    add: (aggregate: A, value: V, key: K) => A,
    subtract: (aggregate: A, value: V, key: K) => A,
    options?: TableOptions,
  ): KTable<K, A>
}

declare const global: unique symbol
/** A whole topic in every worker: joined by any key, and not timed with the stream. */
export interface GlobalKTable<K, V> {
  readonly [global]: readonly [K, V]
}
