/**
 * Queries: stores of a running app, asked by their name. Each answer is what the tasks of this worker have; rows of tasks that run
 * elsewhere are not asked for, and while a task that belongs here does not run, nothing is answered rather than a part.
 *
 * A task is read between two of its turns. Tasks commit by themselves, so an answer over several of them is of no single moment.
 */
import { MillraceError } from '../errors.ts'
import type { Timers } from '../env.ts'
import type { TaskAssignment } from '../log/membership.ts'
import type { RangeOptions, StoreSpec } from '../state/store.ts'
import { unavailable } from '../state/stored-rows.ts'
import type { Pairs, RowsOf, StoreReader, ViewShape } from '../state/stored-rows.ts'
import type { Windowed } from '../time/windows.ts'
import type { SubTopology } from '../topology/compile.ts'
import { storesOf } from '../topology/graph-node.ts'
import type { Topology } from '../topology/topology.ts'
import type { GlobalTable } from './global-table.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { RunningTask } from './running-task.ts'

export interface QueryOptions {
  /**
   * True (default): what is decided, and so survives a crash. False: what processors see now. A global table is read as it is in
   * either case.
   */
  readonly committed?: boolean
}

/** The key of a windowed store without its window. */
export type RecordKey<K> = K extends Windowed<infer R> ? R : K

/** A store of a running app. What it gives is the caller's, save values of a global table, which are not to be changed. */
export interface StoreQuery<K, V> {
  readonly name: string
  readonly shape: ViewShape
  /** A windowed store has keys `{ key, start, end }`. `asOf`, of a versioned table: what was valid then. */
  get(key: K, options?: { readonly asOf?: number }): Promise<V | undefined>
  /**
   * Both bounds included; undefined leaves that side open. Task by task, by number of their partition; within a task in the order of
   * the keys' bytes, or reversed. The keys that a task had when its turn came, each with a value that it has had since then.
   */
  range(
    from: K | undefined,
    to: K | undefined,
    options?: RangeOptions,
  ): AsyncIterable<readonly [K, V]>
  all(options?: RangeOptions): AsyncIterable<readonly [K, V]>
  /** The windows of a key that start in [from, to], by start: those that are open, and closed ones within their retention. */
  windows(
    key: RecordKey<K>,
    from?: number,
    to?: number,
  ): AsyncIterable<readonly [Windowed<RecordKey<K>>, V]>
  /** The sessions of a key that touch [from, to], by end. */
  sessions(
    key: RecordKey<K>,
    from?: number,
    to?: number,
  ): AsyncIterable<readonly [Windowed<RecordKey<K>>, V]>
}

/** What queries need of a worker. */
export interface QueryHost {
  readonly lifecycle: Lifecycle
  readonly topology: Topology
  /** Tasks that belong here, whether they run or not. */
  readonly owned: ReadonlyMap<string, TaskAssignment>
  readonly tasks: ReadonlyMap<string, RunningTask>
  readonly globals: () => ReadonlyMap<string, GlobalTable> | undefined
}

/** A store that has a name for people. */
export interface Queryable {
  readonly shape: ViewShape
  /** Undefined: a global table. */
  readonly store: StoreSpec | undefined
  readonly part: SubTopology | undefined
}

export function queryables({ subTopologies, globals }: Topology): ReadonlyMap<string, Queryable> {
  const found = new Map<string, Queryable>()
  for (const { name } of globals)
    found.set(name, { shape: 'key-value', store: undefined, part: undefined })
  for (const part of subTopologies)
    for (const store of part.nodes.flatMap(storesOf))
      if (store.view !== undefined) found.set(store.name, { shape: store.view.shape, store, part })
  return found
}

export function queryable(topology: Topology, name: string): Queryable {
  const all = queryables(topology)
  const found = all.get(name)
  if (found !== undefined) return found
  const names = all.size === 0 ? 'no store at all' : [...all.keys()].join(', ')
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `the topology has no store ${name}: it has ${names}. A table that keeps no values gets a store with { store: '...' }`,
  )
}

export function refuseShape(store: string, verb: string, shape: ViewShape): never {
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `${verb}(...) of the store ${store}, which is ${shape === 'session' ? 'one of sessions' : shape}: ${verbsOf[shape]}`,
  )
}

const verbsOf: Readonly<Record<ViewShape, string>> = {
  'key-value': 'it has get, range and all',
  window: 'it has windows(key), get, range and all',
  session: 'it has sessions(key), get, range and all',
  versioned: 'it has get, with { asOf }, range and all',
}

/** Pairs that are given before other work of the process gets its turn. */
const pairsPerTurn = 1_000

interface Place {
  readonly reader: StoreReader
  /** False: what it reads is not to be believed any more. */
  readonly valid: () => boolean
}

export class Queries<K, V> implements StoreQuery<K, V> {
  readonly name: string
  readonly shape: ViewShape
  readonly #store: Queryable
  readonly #of: RowsOf
  readonly #host: QueryHost
  readonly #timers: Timers

  constructor(host: QueryHost, timers: Timers, name: string, { committed = true }: QueryOptions) {
    this.#store = queryable(host.topology, name)
    this.name = name
    this.shape = this.#store.shape
    this.#of = committed ? 'committed' : 'newest'
    this.#host = host
    this.#timers = timers
    this.#refuseUnlessRunning()
  }

  get(key: K, { asOf }: { readonly asOf?: number } = {}): Promise<V | undefined> {
    return new Promise((resolve) => resolve(this.#get(key, asOf)))
  }

  #get(key: K, asOf: number | undefined): V | undefined {
    if (asOf !== undefined && this.shape !== 'versioned')
      refuseShape(this.name, 'get with { asOf }', this.shape)
    for (const { reader } of this.#places()) {
      const value = reader.get(key, asOf)
      if (value !== undefined) return value as V
    }
    return undefined
  }

  range(
    from: K | undefined,
    to: K | undefined,
    { reverse = false, limit = Infinity }: RangeOptions = {},
  ): AsyncIterable<readonly [K, V]> {
    return this.#read((reader) => reader.between(from, to, reverse), limit)
  }

  all(options?: RangeOptions): AsyncIterable<readonly [K, V]> {
    return this.range(undefined, undefined, options)
  }

  windows(
    key: RecordKey<K>,
    from: number = -Infinity,
    to: number = Infinity,
  ): AsyncIterable<readonly [Windowed<RecordKey<K>>, V]> {
    if (this.shape !== 'window') refuseShape(this.name, 'windows', this.shape)
    return this.#read((reader) => reader.ofKey!(key, from, to), Infinity)
  }

  sessions(
    key: RecordKey<K>,
    from: number = -Infinity,
    to: number = Infinity,
  ): AsyncIterable<readonly [Windowed<RecordKey<K>>, V]> {
    if (this.shape !== 'session') refuseShape(this.name, 'sessions', this.shape)
    return this.#read((reader) => reader.ofKey!(key, from, to), Infinity)
  }

  async *#read<P>(read: (reader: StoreReader) => Pairs, limit: number): AsyncGenerator<P> {
    let given = 0
    if (given >= limit) return
    for (const { reader, valid } of this.#places()) {
      for await (const pair of read(reader)) {
        if (!valid()) throw unavailable(this.name, 'a task of it stopped while it was read')
        yield pair as P
        given++
        if (given >= limit) return
        if (given % pairsPerTurn === 0) await this.#timers.yield()
      }
    }
  }

  #places(): readonly Place[] {
    this.#refuseUnlessRunning()
    const { part, store } = this.#store
    const { lifecycle, owned, tasks, globals } = this.#host
    if (store === undefined) {
      const { reader } = globals()!.get(this.name)!
      return [{ reader, valid: () => lifecycle.state === 'RUNNING' }]
    }
    return [...owned]
      .filter(([, { subTopology }]) => subTopology === part!.name)
      .sort(([, a], [, b]) => a.splits[0]!.partition - b.splits[0]!.partition)
      .map(([id]) => {
        const running = tasks.get(id)
        if (running === undefined) throw unavailable(this.name, `its task ${id} is being opened`)
        const reader = running.task.reader(store, this.#of)
        return { reader, valid: () => tasks.get(id) === running }
      })
  }

  #refuseUnlessRunning(): void {
    const { state } = this.#host.lifecycle
    if (state === 'RUNNING') return
    if (state === 'REBALANCING') throw unavailable(this.name, 'the app is starting')
    throw new MillraceError(
      'MILLRACE_LIFECYCLE',
      `the store ${this.name} cannot be read: the app is ${state}, and stores are open while it is RUNNING`,
    )
  }
}
