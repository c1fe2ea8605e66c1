/**
 * TableAggregate: one aggregate a group of a table. What leaves the group is subtracted first, from an aggregate that is there; what
 * enters is added then. The user's functions may change the aggregate and return it; null means that there is none any more.
 */
import { copyOf, givenTo } from '../copy.ts'
import type { Change } from '../../serde/change.ts'
import type { Serde } from '../../serde/serde.ts'
import type { Timed } from '../../serde/timed.ts'
import type { KeyValueStore, StoreSpec } from '../../state/store.ts'
import type { Node } from '../node.ts'
import type { Processor, TableReader } from '../processor.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { Entries } from './entries.ts'

export type Fold = (aggregate: unknown, value: unknown, key: unknown) => unknown

export interface TableAggregateOptions {
  /** Undefined: the first value is the first aggregate. */
  readonly init: (() => unknown) | undefined
  readonly add: Fold
  readonly subtract: Fold
  readonly facts: TableFacts
  readonly store: StoreSpec<KeyValueStore<unknown, Timed>>
  /** Of the aggregates. */
  readonly value: Serde<unknown>
}

export class TableAggregate implements Processor {
  readonly #options: TableAggregateOptions
  #node!: Node
  #entries!: Entries

  constructor(options: TableAggregateOptions) {
    this.#options = options
  }

  get reader(): TableReader {
    return this.#entries
  }

  open(node: Node): void {
    this.#node = node
    this.#entries = new Entries(node.store(this.#options.store), undefined)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    const change = value as Change
    let before: Timed | undefined
    let aggregate: unknown
    let old: unknown = undefined
    try {
      before = this.#entries.get(key)
      if (this.#options.facts.tellsOld)
        old = before === undefined ? null : copyOf(before.value, this.#options.value)
      const given = before === undefined ? null : givenTo(node, before.value, this.#options.value)
      aggregate = this.#fold(given, change, key)
    } catch (error) {
      node.fail(error)
      return
    }
    const time = before === undefined ? row.time : Math.max(row.time, before.time)
    this.#entries.put(key, aggregate, time, before)
    counters.forwarded++
    node.change(key, aggregate, old, time)
  }

  #fold(start: unknown, { old, value }: Change, key: unknown): unknown {
    const { init, add, subtract } = this.#options
    let aggregate = start
    if (old !== null && aggregate !== null) aggregate = subtract(aggregate, old, key) ?? null
    if (value === null) return aggregate
    if (aggregate === null) {
      if (init === undefined) return value
      aggregate = init()
    }
    return add(aggregate, value, key) ?? null
  }
}
