/**
 * LookupJoin: a stream with a table of its task, or with a global one. The table's own changes end here and make nothing. A row
 * without a key finds nothing: dropped, or joined with null by a left join; of a global table only the mapped key counts.
 */
import type { Node } from '../node.ts'
import type { Processor, Receiver } from '../processor.ts'
import type { Row } from '../row.ts'
import { Lookup } from './lookup.ts'
import type { LookupOptions } from './lookup.ts'

export interface LookupJoinOptions extends LookupOptions {
  /** The key of a global table for a row. */
  readonly mappedKey: ((value: unknown, key: unknown) => unknown) | undefined
}

export class LookupJoin implements Processor {
  readonly sides?: readonly Receiver[]
  readonly #options: LookupJoinOptions
  #node!: Node
  #lookup!: Lookup

  constructor(options: LookupJoinOptions) {
    this.#options = options
    if (options.mappedKey === undefined)
      this.sides = [this, { process: () => tableChange(this.#node) }]
  }

  open(node: Node): void {
    this.#node = node
    this.#lookup = new Lookup(node, this.#options)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    node.counters.taken++
    if (value === null) {
      node.drop('null-value')
      return
    }
    const { left, mappedKey } = this.#options
    let joined: unknown
    try {
      const tableKey = mappedKey === undefined ? key : (mappedKey(value, key) ?? null)
      if (tableKey === null && !left) {
        node.drop(mappedKey === undefined ? 'null-key' : 'join-key-null')
        return
      }
      joined = this.#lookup.find(tableKey, value, key, row.time)
    } catch (error) {
      node.fail(error)
      return
    }
    this.#lookup.pass(key, joined)
  }
}

/** A change of the table on the other side: it is in the table already. */
export function tableChange({ counters }: Node): void {
  counters.taken++
  counters.absorbed++
}
