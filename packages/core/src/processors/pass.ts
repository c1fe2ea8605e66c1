/** Pass: a node that only gives rows a name: a source, a merge of streams, an output of a branch. */
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

export class Pass implements Processor {
  #node!: Node

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    node.counters.forwarded++
    node.next.process(key, value, node.row)
  }
}
