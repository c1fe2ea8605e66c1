/**
 * Subscribe: the left side of a foreign-key join. A change of a left row becomes what the right side has to know: at most two rows, the
 * end of the old subscription and the new one.
 *
 * | left row | join | left join |
 * |---|---|---|
 * | new or changed, same foreign key | ask if found | ask always |
 * | another foreign key | end the old one; ask always | the same |
 * | no foreign key any more | answer nothing (and count it) | end the old one; ask always, of nobody |
 * | never had one | nothing (and count it) | ask always, of nobody |
 * | deleted | answer nothing, if it had one | end the old one; ask always, of nobody |
 *
 * Who asks nobody (a null key) is answered by partition 0 with nothing: so the answer comes by the same way as every other.
 */
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../../state/byte-order.ts'
import type { Node } from '../node.ts'
import type { Processor } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { asks, hashOf } from './messages.ts'
import type { Ask } from './messages.ts'

export interface Subscriber {
  /** Null or undefined: none. */
  readonly foreignKey: (value: unknown, key: unknown) => unknown
  readonly keepsLeft: boolean
  readonly left: TableFacts
  readonly leftKey: Serde<unknown>
  readonly leftValue: Serde<unknown>
  readonly rightKey: Serde<unknown>
}

export class Subscribe implements Processor {
  readonly #options: Subscriber
  #node!: Node
  #first = true

  constructor(options: Subscriber) {
    this.#options = options
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { keepsLeft, left, leftKey, leftValue } = this.#options
    const { counters } = node
    counters.taken++
    if (key === null) {
      node.drop('null-key')
      return
    }
    if (!row.latest && left.versioned) {
      node.drop('not-latest')
      return
    }
    const old = row.old ?? null
    let before: unknown
    let after: unknown
    let same: boolean
    let id: Uint8Array
    let hash: Uint8Array | null
    try {
      before = old === null ? null : this.#foreign(old, key)
      after = value === null ? null : this.#foreign(value, key)
      same = this.#equal(before, after)
      id = leftKey.encode(key)
      hash = value === null ? null : hashOf(leftValue.encode(value))
    } catch (error) {
      node.fail(error)
      return
    }
    if (keepsLeft) {
      counters.forwarded++
      if (value === null && old === null) return
      if (before !== null && !same) this.#send(before, asks.silence, hash, id, row)
      this.#send(after, asks.always, hash, id, row)
      return
    }
    if (value !== null && after === null) {
      if (before === null) {
        node.drop('fk-null')
        return
      }
      counters.note('fk-null')
    }
    counters.forwarded++
    if (after === null) {
      if (before !== null) this.#send(before, asks.nothing, hash, id, row)
    } else if (before !== null && !same) {
      this.#send(before, asks.silence, hash, id, row)
      this.#send(after, asks.always, hash, id, row)
    } else this.#send(after, asks.ifFound, hash, id, row)
  }

  #foreign(value: unknown, key: unknown): unknown {
    const foreign = this.#options.foreignKey(value, key) ?? null
    if (this.#first)
      this.#first = refusePromise(foreign, this.#node.name, 'toStream().mapValuesAsync')
    return foreign
  }

  /** As their bytes are. */
  #equal(a: unknown, b: unknown): boolean {
    if (a === null || b === null) return a === b
    const { rightKey } = this.#options
    return compareBytes(rightKey.encode(a), rightKey.encode(b)) === 0
  }

  #send(foreign: unknown, ask: Ask, hash: Uint8Array | null, left: Uint8Array, row: Row): void {
    this.#node.change(foreign, { ask, hash, left }, undefined, row.time)
  }
}
