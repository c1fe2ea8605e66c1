/** Peek: calls the user's function for its side effect and passes the row on. `foreach` is a peek that absorbs it. */
import { refusePromise } from './map.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

export class Peek implements Processor {
  readonly #look: (value: unknown, key: unknown) => unknown
  readonly #absorbs: boolean
  #node!: Node
  #first = true

  constructor(look: (value: unknown, key: unknown) => unknown, absorbs: boolean) {
    this.#look = look
    this.#absorbs = absorbs
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    try {
      const result = this.#look(value, key)
      if (this.#first) this.#first = refusePromise(result, node.name, 'mapValuesAsync')
    } catch (error) {
      node.fail(error)
      return
    }
    if (this.#absorbs) {
      node.counters.absorbed++
    } else {
      node.counters.forwarded++
      node.next.process(key, value, node.row)
    }
  }
}
