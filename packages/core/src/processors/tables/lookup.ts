/**
 * Lookup: what a stream's row meets in a table: nothing, the value of this moment, or (versioned tables) the value that was valid at
 * the time of the row. The result has the time of the row.
 */
import type { Node } from '../node.ts'
import type { TableEntry } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Join } from './table-join.ts'

export interface LookupOptions {
  /** Rows that find nothing go on, joined with null. */
  readonly left: boolean
  readonly join: Join
  /** The table is versioned. */
  readonly asOf: boolean
}

export class Lookup {
  readonly #node: Node
  readonly #options: LookupOptions
  #first = true

  constructor(node: Node, options: LookupOptions) {
    this.#node = node
    this.#options = options
  }

  /** The joined value; undefined: no result. Throws what the user's function throws. */
  find(tableKey: unknown, value: unknown, key: unknown, time: number): unknown {
    const { asOf, join, left } = this.#options
    let entry: TableEntry | undefined
    if (tableKey !== null) {
      const table = this.#node.tables[0]!
      entry = asOf ? table.at!(tableKey, time) : table.get(tableKey)
    }
    if (entry === undefined && !left) return undefined
    const joined = join(value, entry === undefined ? null : entry.value, key) ?? null
    if (this.#first) this.#first = refusePromise(joined, this.#node.name, 'mapValuesAsync')
    return joined
  }

  /** What was found goes on, at the time of the row in progress; a row without a partner ends here. */
  pass(key: unknown, joined: unknown): void {
    const node = this.#node
    if (joined === undefined) {
      node.drop('unmatched')
      return
    }
    node.counters.forwarded++
    node.next.process(key, joined, node.row)
  }
}
