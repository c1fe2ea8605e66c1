/**
 * MappedTable: filters and mappers of a table. A row that does not pass a filter becomes a tombstone, as it may have passed before.
 * With a store of its own it knows the old value; without one it computes the old value from the old one above, as far as that is
 * told, and is looked up through the table above.
 *
 * A filter is silent where it knows that nothing was there and nothing is, save over a versioned table.
 */
import type { Timed } from '../../serde/timed.ts'
import type { Node } from '../node.ts'
import type { Processor, TableEntry, TableReader } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { Entries } from './entries.ts'
import type { TableStore } from './entries.ts'

/** Null in: a tombstone, or no value there. Null out: no value. */
export type Compute = (value: unknown, key: unknown) => unknown

export interface MappedTableOptions {
  readonly compute: Compute
  readonly facts: TableFacts
  readonly store: TableStore | undefined
  /** A filter over a table that is not versioned. */
  readonly silent: boolean
}

export class MappedTable implements Processor {
  readonly #options: MappedTableOptions
  readonly #compute: Compute
  #node!: Node
  #entries: Entries | undefined = undefined
  #reader!: TableReader
  #first = true

  constructor(options: MappedTableOptions) {
    this.#options = options
    this.#compute = options.compute
  }

  get reader(): TableReader {
    return this.#reader
  }

  open(node: Node): void {
    this.#node = node
    const { store } = this.#options
    if (store === undefined) {
      this.#reader = mappedReader(node.tables[0]!, this.#compute)
      return
    }
    this.#entries = new Entries(node.store(store.spec), store.copy)
    this.#reader = this.#entries
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    const entries = this.#entries
    const { tellsOld } = this.#options.facts
    let mapped: unknown
    let kept: unknown
    let old: unknown = undefined
    let before: Timed | undefined
    try {
      mapped = this.#compute(value, key) ?? null
      if (this.#first) this.#first = refusePromise(mapped, node.name, 'toStream().mapValuesAsync')
      if (entries !== undefined) {
        before = entries.get(key)
        kept = entries.own(mapped)
        if (tellsOld) old = before === undefined ? null : before.value
      } else if (tellsOld) old = this.#compute(row.old ?? null, key) ?? null
    } catch (error) {
      node.fail(error)
      return
    }
    if (this.#options.silent && mapped === null && old === null) {
      counters.filtered++
      return
    }
    if (entries !== undefined) entries.put(key, kept, row.time, before)
    counters.forwarded++
    node.change(key, mapped, old, row.time, row.latest, row.final)
  }
}

/** The table above, seen through the function. A value for a key that is not there has no time. */
function mappedReader(above: TableReader, compute: Compute): TableReader {
  const seen = (entry: TableEntry | undefined, key: unknown): TableEntry | undefined => {
    const value = compute(entry === undefined ? null : entry.value, key) ?? null
    return value === null ? undefined : { value, time: entry === undefined ? -1 : entry.time }
  }
  return {
    get: (key) => seen(above.get(key), key),
    at: (key, time) => seen(above.at!(key, time), key),
  }
}
