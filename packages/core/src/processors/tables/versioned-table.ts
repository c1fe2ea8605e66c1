/**
 * VersionedTable: a table that keeps the history of each key. A row older than the history is dropped; one that is older than the
 * newest of its key becomes a version between others, and its change says that it is not the latest.
 */
import { Versions } from '../../state/versioned.ts'
import type { VersionedSpecs } from '../../state/versioned.ts'
import type { Version } from '../../state/shapes.ts'
import type { Serde } from '../../serde/serde.ts'
import type { Node } from '../node.ts'
import type { Processor, TableEntry, TableReader } from '../processor.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { copyOf } from '../copy.ts'

export interface VersionedTableOptions {
  readonly facts: TableFacts
  readonly specs: VersionedSpecs
  /** With it values are copied before they are kept. */
  readonly copy: Serde<unknown> | undefined
}

export class VersionedTable implements Processor {
  readonly #options: VersionedTableOptions
  #node!: Node
  #versions!: Versions

  readonly reader: TableReader = {
    get: (key) => entryOf(this.#versions.get(key)),
    at: (key, time) => {
      this.#versions.observe(this.#node.time)
      return entryOf(this.#versions.at(key, time))
    },
  }

  constructor(options: VersionedTableOptions) {
    this.#options = options
  }

  open(node: Node): void {
    this.#node = node
    this.#versions = new Versions(this.#options.specs, (spec) => node.store(spec))
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (key === null) {
      node.drop('null-key')
      return
    }
    const { copy, facts } = this.#options
    const versions = this.#versions
    const { time } = row
    versions.observe(node.observe(time))
    let old: unknown
    let latest: boolean
    let kept: unknown
    try {
      old = versions.get(key)?.value ?? null
      latest = versions.isNewest(key, time)
      kept = copy === undefined ? value : copyOf(value, copy)
    } catch (error) {
      node.fail(error)
      return
    }
    if (!versions.put(key, kept, time)) {
      node.drop('expired-version')
      return
    }
    counters.forwarded++
    node.change(key, value, facts.tellsOld ? old : undefined, time, latest)
  }

  advance(watermark: number): void {
    if (!this.#node.usesStreamTime) this.#versions.observe(watermark)
  }

  drain(budget: number): boolean {
    this.#versions.observe(this.#node.time)
    return this.#versions.expire(budget)
  }
}

function entryOf(version: Version<unknown> | undefined): TableEntry | undefined {
  return version === undefined ? undefined : { value: version.value, time: version.from }
}
