/**
 * Latest: of the changes of a key between two commits only the newest goes on, right before the commit, with the old value of the
 * first. A key that came and went in between shows nothing. It keeps nothing over a commit, so it needs no store (law 2).
 *
 * Keys leave in the order of their newest change. What was thinned out counts as absorbed, what leaves as made.
 */
import type { Serde } from '../serde/serde.ts'
import { textOf } from '../state/byte-text.ts'
import type { Node } from './node.ts'
import type { Processor, TableReader } from './processor.ts'
import type { Row } from './row.ts'
import type { TableFacts } from './table-facts.ts'

/** The newest change of a key. */
interface Held {
  readonly key: unknown
  value: unknown
  /** Before the first change. */
  readonly old: unknown
  time: number
  latest: boolean
  final: boolean
  headers: Row['headers']
}

export interface LatestOptions {
  readonly key: Serde<unknown>
  /** Of its own table: does somebody below want old values? The table above always tells them. */
  readonly facts: TableFacts
}

export class Latest implements Processor {
  readonly #options: LatestOptions
  #node!: Node
  #tellsOld = false
  #held: Map<string, Held> = new Map()
  readonly reader: TableReader = {
    get: (key) => this.#node.tables[0]!.get(key),
    at: (key, time) => this.#node.tables[0]!.at?.(key, time),
  }

  constructor(options: LatestOptions) {
    this.#options = options
  }

  open(node: Node): void {
    this.#node = node
    this.#tellsOld = this.#options.facts.tellsOld
  }

  process(key: unknown, value: unknown, row: Row): void {
    const { counters } = this.#node
    counters.taken++
    counters.absorbed++
    const { old = null, time, latest, final, headers } = row
    const id = textOf(this.#options.key.encode(key))
    const held = this.#held.get(id)
    if (held === undefined) {
      this.#held.set(id, { key, value, old, time, latest, final, headers })
      return
    }
    held.value = value
    held.time = time
    held.latest = latest
    held.final = final
    held.headers = headers
    this.#held.delete(id)
    this.#held.set(id, held)
  }

  flush(): void {
    if (this.#held.size === 0) return
    const node = this.#node
    const { row } = node
    const held = this.#held
    this.#held = new Map()
    const { headers: headersBefore, origin: originBefore } = row
    row.origin = undefined // several rows made it, and the commit
    for (const { key, value, old, time, latest, final, headers } of held.values()) {
      if (value === null && old === null) continue
      node.counters.made++
      row.headers = headers
      node.change(key, value, this.#tellsOld ? old : undefined, time, latest, final)
    }
    row.headers = headersBefore
    row.origin = originBefore
  }
}
