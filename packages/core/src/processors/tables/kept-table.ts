/**
 * KeptTable: the newest row of each key of a stream or a source. Rows count in the order of the log: one that is older than the last
 * overwrites it, and is noted. It keeps its values only if somebody looks them up or wants old values; else rows pass.
 */
import type { Timed } from '../../serde/timed.ts'
import type { Node } from '../node.ts'
import type { Processor, TableReader } from '../processor.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { Entries } from './entries.ts'
import type { TableStore } from './entries.ts'
import { notKept } from './not-kept.ts'

export class KeptTable implements Processor {
  readonly #facts: TableFacts
  readonly #store: TableStore
  #node!: Node
  #entries: Entries | undefined = undefined

  constructor(facts: TableFacts, store: TableStore) {
    this.#facts = facts
    this.#store = store
  }

  get reader(): TableReader {
    return this.#entries ?? notKept
  }

  open(node: Node): void {
    this.#node = node
    if (this.#facts.stored)
      this.#entries = new Entries(node.store(this.#store.spec), this.#store.copy)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (key === null) {
      node.drop('null-key')
      return
    }
    const entries = this.#entries
    if (entries === undefined) {
      counters.forwarded++
      node.change(key, value, undefined, row.time)
      return
    }
    let before: Timed | undefined
    let kept: unknown
    try {
      before = entries.get(key)
      kept = entries.own(value)
    } catch (error) {
      node.fail(error)
      return
    }
    let old: unknown = null
    if (before !== undefined) {
      old = before.value
      if (row.time < before.time) counters.note('out-of-order')
    }
    entries.put(key, kept, row.time, before)
    counters.forwarded++
    node.change(key, value, this.#facts.tellsOld ? old : undefined, row.time)
  }
}
