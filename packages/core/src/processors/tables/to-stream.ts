/** ToStream: the changes of a table as rows. A tombstone is no row of a stream: it ends here, counted, unless it was asked for. */
import type { Node } from '../node.ts'
import type { Processor } from '../processor.ts'
import type { Row } from '../row.ts'

export class ToStream implements Processor {
  readonly #tombstones: boolean
  #node!: Node

  constructor(tombstones: boolean) {
    this.#tombstones = tombstones
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    node.counters.taken++
    if (value === null && !this.#tombstones) {
      node.drop('tombstone')
      return
    }
    node.counters.forwarded++
    node.next.process(key, value, row)
  }
}
