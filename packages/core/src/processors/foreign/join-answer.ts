/**
 * JoinAnswer: the last step of a foreign-key join, where the left table is. It joins the left row of now with the right row of the
 * answer. An answer to a left value that is gone is stale: the answer to the newer one is on its way.
 */
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../../state/byte-order.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Row } from '../row.ts'
import { hashOf } from './messages.ts'
import type { Answer } from './messages.ts'

export interface JoinAnswerOptions {
  readonly join: (left: unknown, right: unknown) => unknown
  readonly keepsLeft: boolean
  readonly leftValue: Serde<unknown>
  readonly rightValue: Serde<unknown>
}

export class JoinAnswer implements Processor {
  readonly sides: readonly Receiver[]
  readonly #options: JoinAnswerOptions
  #node!: Node
  #first = true

  constructor(options: JoinAnswerOptions) {
    this.#options = options
    this.sides = [
      { process: (key, value, row) => this.#answer(key, value as Answer, row) },
      { process: () => this.#ignore() },
    ]
  }

  open(node: Node): void {
    this.#node = node
  }

  process(): void {}

  #answer(key: unknown, { hash, right }: Answer, row: Row): void {
    const node = this.#node
    const { counters } = node
    const { leftValue, rightValue, keepsLeft } = this.#options
    counters.taken++
    let joined: unknown = null
    try {
      const left = node.tables[0]!.get(key)
      if (!equal(hash, left === undefined ? null : hashOf(leftValue.encode(left.value)))) {
        node.drop('fk-stale')
        return
      }
      if (left !== undefined && (right !== null || keepsLeft))
        joined = this.#join(left.value, right === null ? null : rightValue.decode(right))
    } catch (error) {
      node.fail(error)
      return
    }
    counters.forwarded++
    node.change(key, joined, undefined, row.time)
  }

  /** The left table is an input because it is looked up; its changes were sent round. */
  #ignore(): void {
    const { counters } = this.#node
    counters.taken++
    counters.absorbed++
  }

  #join(left: unknown, right: unknown): unknown {
    const joined = this.#options.join(left, right) ?? null
    if (this.#first)
      this.#first = refusePromise(joined, this.#node.name, 'toStream().mapValuesAsync')
    return joined
  }
}

function equal(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : compareBytes(a, b) === 0
}
