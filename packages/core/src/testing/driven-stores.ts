/**
 * The stores of a topology under the test driver: what processors see, read without waiting. The verbs are those of
 * `app.store(name)`; what is read is the test's own and changes nothing.
 */
import { MillraceError } from '../errors.ts'
import { queryable, queryables, refuseShape } from '../runtime/queries.ts'
import type { KeyValueStore, RangeOptions } from '../state/store.ts'
import type { Pairs, StoreReader, ViewShape } from '../state/stored-rows.ts'
import type { Windowed } from '../time/windows.ts'
import type { Topology } from '../topology/topology.ts'
import type { GlobalTable } from '../runtime/global-table.ts'
import type { DrivenTask } from './driven-task.ts'

interface Named {
  readonly name: string
  readonly shape: ViewShape
}

/** A store of a processor, a table, or a global table. */
export type TestKeyValueStore<K, V> = Named & Omit<KeyValueStore<K, V>, 'put' | 'delete'>

interface Ranged<K, V> extends Named {
  get(key: K): V | undefined
  range(from: K | undefined, to: K | undefined, options?: RangeOptions): Iterable<readonly [K, V]>
  all(options?: RangeOptions): Iterable<readonly [K, V]>
}

/** `K`: the record key, without its window. */
export interface TestWindowStore<K, V> extends Ranged<Windowed<K>, V> {
  /** Windows of the key that start in [from, to], by start. */
  windows(key: K, from?: number, to?: number): readonly (readonly [Windowed<K>, V])[]
}

export interface TestSessionStore<K, V> extends Ranged<Windowed<K>, V> {
  /** Sessions of the key that touch [from, to], by end. */
  sessions(key: K, from?: number, to?: number): readonly (readonly [Windowed<K>, V])[]
}

export interface TestVersionedStore<K, V> extends Ranged<K, V> {
  /** The newest value, or the one that was valid `asOf` a time. */
  get(key: K, options?: { readonly asOf?: number }): V | undefined
}

/** Any of them, as `allStateStores` gives it. */
export type TestStore = TestKeyValueStore<unknown, unknown> &
  TestWindowStore<unknown, unknown> &
  TestSessionStore<unknown, unknown> &
  TestVersionedStore<unknown, unknown>

export class DrivenStores {
  readonly #topology: Topology
  readonly #tasks: readonly DrivenTask[]
  readonly #globals: ReadonlyMap<string, GlobalTable>

  constructor(
    topology: Topology,
    tasks: readonly DrivenTask[],
    globals: ReadonlyMap<string, GlobalTable>,
  ) {
    this.#topology = topology
    this.#tasks = tasks
    this.#globals = globals
  }

  /** `verb` of the driver, for stores of this shape. */
  get(name: string, partition: number, shape: ViewShape, verb: string): TestStore {
    const found = queryable(this.#topology, name)
    if (found.shape === shape) return this.#open(name, partition)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb}(...): the store ${name} is of another shape: use ${verbs[found.shape]}('${name}')`,
    )
  }

  all(partition: number): ReadonlyMap<string, TestStore> {
    const names = [...queryables(this.#topology).keys()]
    const here = names.filter((name) => this.#globals.has(name) || this.#taskOf(name, partition))
    return new Map(here.map((name) => [name, this.#open(name, partition)]))
  }

  #open(name: string, partition: number): TestStore {
    const { shape } = queryable(this.#topology, name)
    // Asked anew each time: behind a crash another task has the store.
    return new OpenStore(name, shape, () => this.#reader(name, partition))
  }

  #reader(name: string, partition: number): StoreReader {
    const { store } = queryable(this.#topology, name)
    if (store === undefined) return this.#globals.get(name)!.reader
    const driven = this.#taskOf(name, partition)
    if (driven !== undefined) return driven.task.reader(store, 'newest')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `there is no partition ${partition} of the store ${name}: raise { partitions } of the test driver`,
    )
  }

  #taskOf(name: string, partition: number): DrivenTask | undefined {
    const { part } = queryable(this.#topology, name)
    return this.#tasks.find(
      (driven) =>
        driven.part === part && driven.splits.some((split) => split.partition === partition),
    )
  }
}

const verbs: Readonly<Record<ViewShape, string>> = {
  'key-value': 'getKeyValueStore',
  window: 'getWindowStore',
  session: 'getSessionStore',
  versioned: 'getVersionedStore',
}

class OpenStore implements Named {
  readonly name: string
  readonly shape: ViewShape
  readonly #reader: () => StoreReader

  constructor(name: string, shape: ViewShape, reader: () => StoreReader) {
    this.name = name
    this.shape = shape
    this.#reader = reader
    reader()
  }

  get(key: unknown, { asOf }: { readonly asOf?: number } = {}): unknown {
    if (asOf !== undefined && this.shape !== 'versioned')
      refuseShape(this.name, 'get with { asOf }', this.shape)
    return this.#reader().get(key, asOf)
  }

  range(from: unknown, to: unknown, options: RangeOptions = {}): Iterable<readonly [never, never]> {
    const { reverse = false } = options
    return this.#now('range', this.#reader().between(from, to, reverse), options)
  }

  all(options: RangeOptions = {}): Iterable<readonly [never, never]> {
    const { reverse = false } = options
    return this.#now('all', this.#reader().between(undefined, undefined, reverse), options)
  }

  prefix(bytes: Uint8Array, options: RangeOptions = {}): Iterable<readonly [never, never]> {
    const { prefix } = this.#reader()
    if (prefix === undefined) refuseShape(this.name, 'prefix', this.shape)
    return this.#now('prefix', prefix(bytes, options.reverse ?? false), options)
  }

  windows(key: unknown, from: number = -Infinity, to: number = Infinity): readonly never[] {
    if (this.shape !== 'window') refuseShape(this.name, 'windows', this.shape)
    return this.#reader().ofKey!(key, from, to) as readonly never[]
  }

  sessions(key: unknown, from: number = -Infinity, to: number = Infinity): readonly never[] {
    if (this.shape !== 'session') refuseShape(this.name, 'sessions', this.shape)
    return this.#reader().ofKey!(key, from, to) as readonly never[]
  }

  *#now(
    verb: string,
    pairs: Pairs,
    { limit = Infinity }: RangeOptions,
  ): Generator<readonly [never, never]> {
    if (!(Symbol.iterator in pairs))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `${verb} over the store ${this.name} would have to wait for the disk: declare it { ordered: true }, or test it on state in memory`,
      )
    let left = limit
    if (left <= 0) return
    for (const pair of pairs) {
      yield pair as readonly [never, never]
      if (--left <= 0) return
    }
  }
}
