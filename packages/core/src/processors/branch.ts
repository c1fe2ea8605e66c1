/**
 * Branch: a row goes to the first branch whose predicate holds, else to `rest`. The outputs are receivers of their own,
 * set by the wiring; a branch that nobody reads takes its rows in silence, counted as forwarded.
 */
import type { Node } from './node.ts'
import { end } from './node.ts'
import type { Processor, Receiver } from './processor.ts'

export class Branch implements Processor {
  readonly #predicates: readonly ((value: unknown, key: unknown) => unknown)[]
  /** One per predicate, and one more for the rest. */
  readonly outputs: Receiver[]
  #node!: Node

  constructor(predicates: readonly ((value: unknown, key: unknown) => unknown)[]) {
    this.#predicates = predicates
    this.outputs = Array.from({ length: predicates.length + 1 }, () => end)
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    const predicates = this.#predicates
    let chosen = 0
    try {
      while (chosen < predicates.length && !predicates[chosen]!(value, key)) chosen++
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    this.outputs[chosen]!.process(key, value, node.row)
  }
}
