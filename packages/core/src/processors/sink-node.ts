/**
 * SinkNode: gives the row to the sink's port and counts it as forwarded. The port always takes the row; when it says that
 * it is full, the task takes no further input row until a freeze has emptied it (law 7).
 */
import type { SinkPort } from '../sink.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'

export class SinkNode implements Processor {
  readonly #port: SinkPort
  #node!: Node
  full = false

  constructor(port: SinkPort) {
    this.#port = port
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    node.counters.taken++
    try {
      if (!this.#port.write(key, value, row)) this.full = true
    } catch (error) {
      node.fail(error, row) // a dead-letter sink serves all stages: the row is not its own
      return
    }
    node.counters.forwarded++
  }
}
