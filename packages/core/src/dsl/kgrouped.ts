/** Grouped streams and what is aggregated over them: all rows of a key, or the rows of a key in windows. */
import type { Late } from '../processors/node.ts'
import type { Sink } from '../sink.ts'
import type { Duration } from '../time/duration.ts'
import type {
  SessionWindow,
  SlidingWindow,
  TimeWindow,
  UnlimitedWindow,
  Windowed,
} from '../time/windows.ts'
import type { KStream } from './kstream.ts'
import type { KTable, TableOptions } from './ktable.ts'

/** `update`: each accepted row shows the window. `close`: one final row when it closes. `both`: updates, then the final row. */
export type Emit = 'update' | 'close' | 'both'

export interface LateOption<K, V> {
  /** Where rows go that were too late for every window: a sink, or a function of their stream. They are counted in any case. */
  readonly late?: Sink<Late<V>> | ((late: KStream<K, Late<V>>) => void)
}

export interface WindowOptions<K, V> extends Omit<TableOptions, 'key'>, LateOption<K, V> {
  /** How long a closed window can still be queried. It never decides what a close emits. Default: not at all. */
  readonly retention?: Duration
}

export interface KGrouped<K, V> {
  count(options?: TableOptions): KTable<K, number>
  /** The first value is the first aggregate. */
  reduce(add: (aggregate: V, value: V, key: K) => V, options?: TableOptions): KTable<K, V>
  /** `add` may change its aggregate and return it. Null deletes the key. */
  aggregate<A>(
    init: () => A,
    add: (aggregate: A, value: V, key: K) => A,
    options?: TableOptions,
  ): KTable<K, A>
  windowedBy(window: SessionWindow): KSessions<K, V>
  windowedBy(window: TimeWindow | SlidingWindow | UnlimitedWindow): KWindowed<K, V>
  /** Several grouped streams into one aggregate. */
  cogroup<A>(add: (aggregate: A, value: V, key: K) => A): KCogrouped<K, A>
}

export interface KWindowed<K, V> {
  emit(strategy: Emit): KWindowed<K, V>
  count(options?: WindowOptions<K, V>): KTable<Windowed<K>, number>
  reduce(
    add: (aggregate: V, value: V, key: K) => V,
    options?: WindowOptions<K, V>,
  ): KTable<Windowed<K>, V>
  aggregate<A>(
    init: () => A,
    add: (aggregate: A, value: V, key: K) => A,
    options?: WindowOptions<K, V>,
  ): KTable<Windowed<K>, A>
}

export interface KSessions<K, V> {
  emit(strategy: Emit): KSessions<K, V>
  count(options?: WindowOptions<K, V>): KTable<Windowed<K>, number>
  /** `add` merges sessions, too. */
  reduce(
    add: (aggregate: V, value: V, key: K) => V,
    options?: WindowOptions<K, V>,
  ): KTable<Windowed<K>, V>
  aggregate<A>(
    init: () => A,
    add: (aggregate: A, value: V, key: K) => A,
    merge: (left: A, right: A, key: K) => A,
    options?: WindowOptions<K, V>,
  ): KTable<Windowed<K>, A>
}

export interface KCogrouped<K, A> {
  cogroup<V>(grouped: KGrouped<K, V>, add: (aggregate: A, value: V, key: K) => A): KCogrouped<K, A>
  aggregate(init: () => A, options?: TableOptions): KTable<K, A>
  windowedBy(window: SessionWindow): KCogroupedSessions<K, A>
  windowedBy(window: TimeWindow | SlidingWindow | UnlimitedWindow): KCogroupedWindowed<K, A>
}

export interface KCogroupedWindowed<K, A> {
  emit(strategy: Emit): KCogroupedWindowed<K, A>
  aggregate(init: () => A, options?: WindowOptions<K, unknown>): KTable<Windowed<K>, A>
}

export interface KCogroupedSessions<K, A> {
  emit(strategy: Emit): KCogroupedSessions<K, A>
  aggregate(
    init: () => A,
    merge: (left: A, right: A, key: K) => A,
    options?: WindowOptions<K, unknown>,
  ): KTable<Windowed<K>, A>
}
