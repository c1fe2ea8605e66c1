/**
 * TableJoin: two tables by their key. A change of one side looks up the other; the time of the result is the later of the two.
 *
 * | kind | left side | right side |
 * |---|---|---|
 * | join | only where both are there | the same |
 * | leftJoin | with or without the other | only where the left is there, then always |
 * | outerJoin | with or without the other | the same |
 *
 * What is no result any more becomes a tombstone, of a row that never was, too. Changes of a versioned table that are not the latest
 * of their key change nothing here.
 */
import type { Timed } from '../../serde/timed.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver, TableEntry, TableReader } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { Entries } from './entries.ts'
import type { TableStore } from './entries.ts'

export type Join = (left: unknown, right: unknown, key: unknown) => unknown

export interface TableJoinOptions {
  readonly kind: 'join' | 'leftJoin' | 'outerJoin'
  readonly join: Join
  readonly facts: TableFacts
  readonly left: TableFacts
  readonly right: TableFacts
  readonly store: TableStore | undefined
}

export class TableJoin implements Processor {
  readonly sides: readonly Receiver[]
  readonly #options: TableJoinOptions
  readonly #keepsLeft: boolean
  readonly #keepsRight: boolean
  #node!: Node
  #entries: Entries | undefined = undefined
  #first = true

  constructor(options: TableJoinOptions) {
    this.#options = options
    this.#keepsLeft = options.kind !== 'join'
    this.#keepsRight = options.kind === 'outerJoin'
    this.sides = [
      { process: (key, value, row) => this.#change(true, key, value, row) },
      { process: (key, value, row) => this.#change(false, key, value, row) },
    ]
  }

  open(node: Node): void {
    this.#node = node
    const { store } = this.#options
    if (store !== undefined) this.#entries = new Entries(node.store(store.spec), store.copy)
  }

  process(): void {}

  get reader(): TableReader {
    return this.#entries ?? { get: (key) => this.#lookUp(key) }
  }

  #change(isLeft: boolean, key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (key === null) {
      node.drop('null-key')
      return
    }
    const { facts, left, right } = this.#options
    if (!row.latest && (isLeft ? left : right).versioned) {
      node.drop('not-latest')
      return
    }
    const old = row.old ?? null
    let time = row.time
    let joined: unknown
    let kept: unknown
    let oldJoined: unknown = undefined
    let before: Timed | undefined
    try {
      const other = node.tables[isLeft ? 1 : 0]!.get(key)
      if (other === undefined) {
        const keepsOwn = isLeft ? this.#keepsLeft : this.#keepsRight
        if (!keepsOwn || (value === null && old === null)) {
          node.drop('unmatched')
          return
        }
      } else if (other.time > time) time = other.time
      joined = this.#join(isLeft, value, other, key)
      if (facts.tellsOld) oldJoined = this.#join(isLeft, old, other, key)
      if (this.#entries !== undefined) {
        before = this.#entries.get(key)
        kept = this.#entries.own(joined)
      }
    } catch (error) {
      node.fail(error)
      return
    }
    if (this.#entries !== undefined) this.#entries.put(key, kept, time, before)
    counters.forwarded++
    node.change(key, joined, oldJoined, time)
  }

  /** The result for this value of the one side; null for none. */
  #join(isLeft: boolean, value: unknown, other: TableEntry | undefined, key: unknown): unknown {
    if (other === undefined) {
      // Only a side that is kept without the other comes here.
      if (value === null) return null
    } else if (value === null && !(isLeft ? this.#keepsRight : this.#keepsLeft)) return null
    const across = other === undefined ? null : other.value
    return isLeft ? this.#call(value, across, key) : this.#call(across, value, key)
  }

  #call(left: unknown, right: unknown, key: unknown): unknown {
    const joined = this.#options.join(left, right, key) ?? null
    if (this.#first)
      this.#first = refusePromise(joined, this.#node.name, 'toStream().mapValuesAsync')
    return joined
  }

  #lookUp(key: unknown): TableEntry | undefined {
    const { tables } = this.#node
    const left = tables[0]!.get(key)
    if (left === undefined && !this.#keepsRight) return undefined
    const right = tables[1]!.get(key)
    if (right === undefined && (left === undefined || !this.#keepsLeft)) return undefined
    const value = this.#call(
      left === undefined ? null : left.value,
      right === undefined ? null : right.value,
      key,
    )
    if (value === null) return undefined
    const leftTime = left === undefined ? -1 : left.time
    const rightTime = right === undefined ? -1 : right.time
    return { value, time: Math.max(leftTime, rightTime) }
  }
}
