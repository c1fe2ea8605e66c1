/**
 * GroupTable: a change of a table as changes of its groups. The old value leaves its group, the new one enters its own: in one change
 * if that is the same group, else in two, the old group first. A half without group, key or value is left out.
 */
import type { Change } from '../../serde/change.ts'
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../../state/byte-order.ts'
import type { Node } from '../node.ts'
import type { Processor } from '../processor.ts'
import type { Row } from '../row.ts'

export type Group = (value: unknown, key: unknown) => readonly [unknown, unknown] | null

export class GroupTable implements Processor {
  readonly #group: Group
  readonly #key: Serde<unknown>
  /** Rows that are not the latest of their key change no group. */
  readonly #versioned: boolean
  #node!: Node

  constructor(group: Group, key: Serde<unknown>, versioned: boolean) {
    this.#group = group
    this.#key = key
    this.#versioned = versioned
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (this.#versioned && !row.latest) {
      node.drop('not-latest')
      return
    }
    let enters: readonly [unknown, unknown] | undefined
    let leaves: readonly [unknown, unknown] | undefined
    let same = false
    try {
      enters = this.#pair(value, key)
      leaves = this.#pair(row.old, key)
      if (enters !== undefined && leaves !== undefined) same = this.#equal(leaves[0], enters[0])
    } catch (error) {
      node.fail(error)
      return
    }
    if (enters === undefined && leaves === undefined) {
      node.drop('no-group')
      return
    }
    counters.forwarded++
    if (same) {
      node.forward(enters![0], { old: leaves![1], value: enters![1] } satisfies Change)
      return
    }
    if (leaves !== undefined)
      node.forward(leaves[0], { old: leaves[1], value: null } satisfies Change)
    if (enters !== undefined)
      node.forward(enters[0], { old: null, value: enters[1] } satisfies Change)
  }

  #pair(value: unknown, key: unknown): readonly [unknown, unknown] | undefined {
    if (value === null || value === undefined) return undefined
    const pair = (this.#group(value, key) ?? null) as readonly unknown[] | null
    if (pair === null) return undefined
    if (!Array.isArray(pair)) throw new TypeError('groupBy must return a pair [key, value] or null')
    const hasBoth = (pair[0] ?? null) !== null && (pair[1] ?? null) !== null
    return hasBoth ? (pair as unknown as readonly [unknown, unknown]) : undefined
  }

  /** Keys are equal iff their bytes are. */
  #equal(a: unknown, b: unknown): boolean {
    if (a === b) return true
    if (typeof a !== 'object' || typeof b !== 'object') return false
    return compareBytes(this.#key.encode(a), this.#key.encode(b)) === 0
  }
}
