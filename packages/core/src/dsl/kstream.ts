/**
 * KStream: the typed handle of a stream of rows. Each method adds one frozen node to the topology and returns a new handle;
 * nothing runs. Value comes first, key second, in every function. Two type parameters, no more: V is never null.
 */
import type { StandardSchemaV1 } from '../serde/schema.ts'
import type { Sink } from '../sink.ts'
import type { OnError, Rejected } from '../topology/graph-node.ts'
import type { Duration } from '../time/duration.ts'
import type { RecordTime } from '../time/extractors.ts'
import type { AsyncMode, AsyncOperator } from '../processors/async-node.ts'
import type { Processor } from '../processors/processor.ts'
import type { Serde } from '../serde/serde.ts'
import type { StoreSpec } from '../state/store.ts'
import type { Late } from '../processors/node.ts'
import type { KGrouped } from './kgrouped.ts'
import type { GlobalKTable, KTable, ToTableOptions } from './ktable.ts'

/** An operator is a plain function from handle to handle, run once while the topology is built. */
export type Op<I, O> = (stream: I) => O

/** A readable compiler error where inference cannot give one. */
export interface TypeProblem<Message extends string> {
  readonly __millrace: Message
}

export interface NodeOptions {
  /** Identity of the node: metrics, dead letters, and for asynchronous and stateful nodes what is found after a restart. */
  readonly name?: string
  /** What becomes of a row whose function threw. Default: the app's. */
  readonly onError?: OnError
}

export interface KeyByOptions<K> extends NodeOptions {
  /** The source's split follows this key already: no repartition. Checked where the key first meets state. */
  readonly partitioned?: true
  readonly key?: Serde<K>
}

export interface ValidateOptions extends NodeOptions {
  /** Where rows that do not fit go, with the reason and their source bytes. Short for `onError: { deadLetter }`. */
  readonly invalid?: Sink<Rejected>
}

export interface EventTimeOptions extends NodeOptions {
  /** How far behind the newest row a row may be and still be on time. */
  readonly outOfOrder?: Duration
  /** A split that is silent for so long holds nobody up. */
  readonly idle?: Duration
  /** A row further ahead of the wall clock is refused before it touches any clock. */
  readonly future?: Duration
}

export interface ProcessOptions extends NodeOptions {
  /** The stores of this node, for `ctx.store(...)` in `open`. Nodes that name the same spec share the store. */
  readonly stores?: readonly StoreSpec[]
  /** The processor has `onTimer`, and sets timers per key: they are state of the node. A serde writes their keys; default: the stream's. */
  readonly timers?: boolean | Serde<any>
}

/** `name` is that of the repartition log, where one is needed: `<name>-repartition`. */
export interface GroupOptions extends NodeOptions {
  /** Serdes of the repartition log and the store, where the stream has none or changed its key. */
  readonly key?: Serde<any>
  readonly value?: Serde<any>
  /** Partitions of the repartition log. */
  readonly partitions?: number
}

/** A key-value pair of streams joins: rows whose times are near enough. */
export interface StreamJoinOptions<K = any, V = any, V2 = any> extends NodeOptions {
  /** Both ways, or how far the other row may lie before and after this stream's row. */
  readonly within: Duration | { readonly before: Duration; readonly after: Duration }
  readonly grace?: Duration
  /** Serdes of the rows that wait. Default: those of the streams, else the key codec and msgpack. */
  readonly key?: Serde<any>
  readonly left?: Serde<any>
  readonly right?: Serde<any>
  /** Rows that were too late to find a partner (clock: watermark). */
  readonly late?: {
    readonly left?: Sink<Late<V>> | ((late: KStream<K, Late<V>>) => void)
    readonly right?: Sink<Late<V2>> | ((late: KStream<K, Late<V2>>) => void)
  }
}

export interface TableJoinOptions extends NodeOptions {
  /** Versioned tables only: rows wait so long for older changes of the table. */
  readonly grace?: Duration
  /** Serdes of the rows that wait. */
  readonly key?: Serde<any>
  readonly value?: Serde<any>
}

export interface GlobalJoinOptions<K2, V, K> extends NodeOptions {
  /** The key of the global table for a row; null finds nothing. */
  readonly key: (value: V, key: K) => K2 | null
}

export interface RetryOptions {
  /** Tries in all. Default 1. */
  readonly attempts?: number
  /** Before the second try; doubled each time, with jitter. Default '100ms'. */
  readonly delay?: Duration
  /** Default '10s'. */
  readonly delayMax?: Duration
  /** Default: any error that is not of Millrace, and its retriable ones. */
  readonly retryIf?: (error: unknown) => boolean
}

export interface AsyncOptions<V, K, U> extends NodeOptions {
  /** Default 'ordered': results are those of a synchronous step. */
  readonly mode?: AsyncMode
  /** Calls at a time, per task. More rows pause the sources. Default 64. */
  readonly capacity?: number
  /** Spans all tries of a row. Default '30s'. */
  readonly timeout?: Duration
  readonly retry?: RetryOptions
  /** The value of a row whose time is over, instead of an error. */
  readonly onTimeout?: (value: V, key: K) => U
}

export interface KStream<K, V> {
  /** Composes operators from left to right; up to ten, longer pipelines take a second `pipe`. */
  pipe<A>(a: Op<KStream<K, V>, A>): A
  pipe<A, B>(a: Op<KStream<K, V>, A>, b: Op<A, B>): B
  pipe<A, B, C>(a: Op<KStream<K, V>, A>, b: Op<A, B>, c: Op<B, C>): C
  pipe<A, B, C, D>(a: Op<KStream<K, V>, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>): D
  pipe<A, B, C, D, E>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
  ): E
  pipe<A, B, C, D, E, F>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
  ): F
  pipe<A, B, C, D, E, F, G>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
  ): G
  pipe<A, B, C, D, E, F, G, H>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
  ): H
  pipe<A, B, C, D, E, F, G, H, I>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
    i: Op<H, I>,
  ): I
  pipe<A, B, C, D, E, F, G, H, I, J>(
    a: Op<KStream<K, V>, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
    i: Op<H, I>,
    j: Op<I, J>,
  ): J

  /** Gives rows the type of a schema (zod, valibot, arktype, ...); a row that does not fit goes to `invalid` or `onError`. */
  validate<S extends StandardSchemaV1>(
    schema: S,
    options?: ValidateOptions,
  ): KStream<K, StandardSchemaV1.InferOutput<S>>

  /** Keeps the rows for which the predicate holds; the rest is counted as filtered. */
  filter<U extends V>(keep: (value: V, key: K) => value is U, options?: NodeOptions): KStream<K, U>
  filter(keep: (value: V, key: K) => boolean, options?: NodeOptions): KStream<K, V>
  filterNot(drop: (value: V, key: K) => boolean, options?: NodeOptions): KStream<K, V>

  mapValues<U extends {}>(map: (value: V, key: K) => U, options?: NodeOptions): KStream<K, U>
  /** A new key and value as a pair. Re-keys the stream. */
  map<K2, U extends {}>(
    map: (value: V, key: K) => readonly [K2, U],
    options?: NodeOptions,
  ): KStream<K2, U>
  flatMapValues<U extends {}>(
    expand: (value: V, key: K) => Iterable<U>,
    options?: NodeOptions,
  ): KStream<K, U>
  flatMap<K2, U extends {}>(
    expand: (value: V, key: K) => Iterable<readonly [K2, U]>,
    options?: NodeOptions,
  ): KStream<K2, U>
  /** A new key for the same value. */
  keyBy<K2>(key: (value: V, key: K) => K2, options?: KeyByOptions<K2>): KStream<K2, V>
  /** Kafka Streams' name for `keyBy`. */
  selectKey<K2>(key: (value: V, key: K) => K2, options?: KeyByOptions<K2>): KStream<K2, V>

  /**
   * Event time of the rows, as epoch milliseconds; a negative one drops the row. `record` has the time of the log's record and the
   * highest of its split. Belongs to the source: see the guide on time.
   */
  eventTime(
    time: (value: V, key: K, record: RecordTime) => number,
    options?: EventTimeOptions,
  ): KStream<K, V>

  /** Looks at each row, and passes it on. */
  peek(look: (value: V, key: K) => void, options?: NodeOptions): KStream<K, V>
  /** Looks at each row; the stream ends here. */
  foreach(look: (value: V, key: K) => void, options?: NodeOptions): void
  /** Prints each row to the log of the app (info). */
  print(options?: NodeOptions & { readonly label?: string }): KStream<K, V>

  merge<V2>(other: KStream<K, V2>, options?: NodeOptions): KStream<K, V | V2>
  /** Each row goes to the first branch whose predicate holds, else to `rest`. */
  branch<const B extends Readonly<Record<string, (value: V, key: K) => boolean>>>(
    branches: B,
    options?: NodeOptions,
  ): { readonly [Name in keyof B | 'rest']: KStream<K, V> }
  /** Kafka Streams' name for `branch`. */
  split<const B extends Readonly<Record<string, (value: V, key: K) => boolean>>>(
    branches: B,
    options?: NodeOptions,
  ): { readonly [Name in keyof B | 'rest']: KStream<K, V> }

  /** Rows of a key, for aggregates. Behind a changed key they cross a repartition log first. */
  groupByKey(options?: GroupOptions): KGrouped<K, V>
  /** Groups by a new key. */
  groupBy<K2>(key: (value: V, key: K) => K2, options?: GroupOptions): KGrouped<K2, V>
  /** Sends rows through a log of the app's own, placed by their key. */
  repartition(options?: GroupOptions): KStream<K, V>
  /** The newest row of each key. */
  toTable(options?: ToTableOptions): KTable<K, V>

  /** Pairs of rows with one key whose times are near enough. */
  join<V2, R extends {}>(
    other: KStream<K, V2>,
    join: (left: V, right: V2, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R>
  /** Each row with the table's value of its key, at this moment or (versioned tables) at the row's time. */
  join<V2, R extends {}>(
    other: KTable<K, V2>,
    join: (left: V, right: V2, key: K) => R,
    options?: TableJoinOptions,
  ): KStream<K, R>
  /** Each row with the value of any key of a global table. */
  join<K2, V2, R extends {}>(
    other: GlobalKTable<K2, V2>,
    join: (left: V, right: V2, key: K) => R,
    options: GlobalJoinOptions<K2, V, K>,
  ): KStream<K, R>
  leftJoin<V2, R extends {}>(
    other: KStream<K, V2>,
    join: (left: V, right: V2 | null, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R>
  leftJoin<V2, R extends {}>(
    other: KTable<K, V2>,
    join: (left: V, right: V2 | null, key: K) => R,
    options?: TableJoinOptions,
  ): KStream<K, R>
  leftJoin<K2, V2, R extends {}>(
    other: GlobalKTable<K2, V2>,
    join: (left: V, right: V2 | null, key: K) => R,
    options: GlobalJoinOptions<K2, V, K>,
  ): KStream<K, R>
  outerJoin<V2, R extends {}>(
    other: KStream<K, V2>,
    join: (left: V | null, right: V2 | null, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R>

  /** The user's own processor, which may change the key. `make` is called once per task. */
  process<K2, U extends {}>(
    make: () => Processor<K, V, K2, U>,
    options?: ProcessOptions,
  ): KStream<K2, U>
  /** The user's own processor, under the same key. */
  processValues<U extends {}>(
    make: () => Processor<K, V, K, U>,
    options?: ProcessOptions,
  ): KStream<K, U>

  /** Work that waits: one call per row, at most `capacity` at a time. Ends a stage, so give it a name or one is derived. */
  mapValuesAsync<U extends {}>(
    map: (
      value: V,
      key: K,
      call: { readonly signal: AbortSignal; readonly attempt: number },
    ) => Promise<U>,
    options?: AsyncOptions<V, K, U>,
  ): KStream<K, U>
  /** An operator of your own with cached answers and calls. `make` is called once per task. */
  async<U extends {}>(
    make: () => AsyncOperator<K, V, U>,
    options?: AsyncOptions<V, K, U>,
  ): KStream<K, U>

  /** Writes each row to the sink. A sink that chooses its target per record is a sink like any other. */
  to(sink: Sink<V>, options?: NodeOptions): void
}

export type { AsyncMode, AsyncOperator, OnError, Processor, Rejected }
