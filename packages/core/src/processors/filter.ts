/** Filter: a row goes on, or ends here as filtered. Allocates nothing. `filterNot` is the same with the sense turned. */
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

export class Filter implements Processor {
  readonly #keep: (value: unknown, key: unknown) => unknown
  readonly #sense: boolean
  #node!: Node

  constructor(keep: (value: unknown, key: unknown) => unknown, sense: boolean) {
    this.#keep = keep
    this.#sense = sense
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let kept: boolean
    try {
      kept = Boolean(this.#keep(value, key)) === this.#sense
    } catch (error) {
      node.fail(error)
      return
    }
    if (kept) {
      node.counters.forwarded++
      node.next.process(key, value, node.row)
    } else {
      node.counters.filtered++
    }
  }
}
