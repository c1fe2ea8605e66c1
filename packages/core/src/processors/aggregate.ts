/**
 * Aggregate: count, reduce, aggregate and cogroup of streams over all rows of a key. A node with several sides is a cogroup: its
 * sides share the store, and the order of arrival decides. The time of a result is the highest of its rows; an aggregate that
 * becomes null deletes its key, and the change says so.
 */
import type { Serde } from '../serde/serde.ts'
import type { Timed } from '../serde/timed.ts'
import type { KeyValueStore, StoreSpec } from '../state/store.ts'
import type { Node } from './node.ts'
import type { Processor, Receiver, TableReader } from './processor.ts'
import { refusePromise } from './refuse-promise.ts'
import type { Row } from './row.ts'
import type { TableFacts } from './table-facts.ts'
import { copyOf, givenTo } from './copy.ts'
import type { Add } from './windows/options.ts'

export interface AggregateOptions {
  readonly init: () => unknown
  /** One a side. */
  readonly adds: readonly Add[]
  readonly facts: TableFacts
  /** Of the aggregates: an old one is copied by it. */
  readonly value: Serde<unknown>
  readonly store: StoreSpec<KeyValueStore<unknown, Timed>>
}

export class Aggregate implements Processor {
  readonly #options: AggregateOptions
  readonly #only: Add
  #node!: Node
  #store!: KeyValueStore<unknown, Timed>
  #tellsOld = false
  #firstResult = true
  readonly sides?: readonly Receiver[]
  readonly reader: TableReader = { get: (key) => this.#store.get(key) }

  constructor(options: AggregateOptions) {
    this.#options = options
    this.#only = options.adds[0]!
    if (options.adds.length > 1)
      this.sides = options.adds.map((add) => ({
        process: (key, value, row) => this.#take(key, value, row, add),
      }))
  }

  open(node: Node): void {
    this.#node = node
    this.#store = node.store(this.#options.store)
    this.#tellsOld = this.#options.facts.tellsOld
  }

  process(key: unknown, value: unknown, row: Row): void {
    this.#take(key, value, row, this.#only)
  }

  #take(key: unknown, value: unknown, row: Row, add: Add): void {
    const node = this.#node
    node.counters.taken++
    if (key === null || key === undefined) {
      node.drop('null-key')
      return
    }
    if (value === null || value === undefined) {
      node.drop('null-value')
      return
    }
    let { time } = row
    let old: unknown = null
    let next: unknown
    try {
      const entry = this.#store.get(key)
      if (entry !== undefined) {
        if (this.#tellsOld) old = copyOf(entry.value, this.#options.value) // `add` may change its argument
        if (entry.time > time) time = entry.time
      }
      const before =
        entry === undefined ? this.#options.init() : givenTo(node, entry.value, this.#options.value)
      next = add(before, value, key) ?? null
      if (this.#firstResult) this.#firstResult = refusePromise(next, node.name, 'mapValuesAsync')
      this.#keep(key, entry, next, time)
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.change(key, next, this.#tellsOld ? old : undefined, time)
  }

  #keep(key: unknown, entry: Timed | undefined, value: unknown, time: number): void {
    if (value === null) {
      this.#store.delete(key)
    } else if (entry === undefined) {
      this.#store.put(key, { value, time })
    } else {
      entry.value = value
      entry.time = time
      this.#store.put(key, entry)
    }
  }
}
