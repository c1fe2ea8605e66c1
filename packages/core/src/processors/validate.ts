/**
 * Validate: a row goes on as what the schema makes of it, or goes to the node's error policy with the schema's words. The schema
 * is called synchronously and its result never awaited; an asynchronous schema fails on its first row and says what to use.
 */
import { validateSync } from '../serde/schema.ts'
import type { StandardSchemaV1 } from '../serde/schema.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

export class Validate implements Processor {
  readonly #schema: StandardSchemaV1
  #node!: Node

  constructor(schema: StandardSchemaV1) {
    this.#schema = schema
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let valid: unknown
    try {
      valid = validateSync(this.#schema, value)
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.next.process(key, valid, node.row)
  }
}
