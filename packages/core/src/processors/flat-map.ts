/**
 * FlatMap and FlatMapValues: one row in, any number out, in the order of the returned iterable. The user's function has
 * returned, and its result has been read to the end, before the first row goes on: a throw in the middle leaves nothing.
 */
import { refusePromise } from './refuse-promise.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

abstract class Flat implements Processor {
  readonly #expand: (value: unknown, key: unknown) => Iterable<unknown>
  node!: Node
  #first = true

  constructor(expand: (value: unknown, key: unknown) => Iterable<unknown>) {
    this.#expand = expand
  }

  open(node: Node): void {
    this.node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.node
    node.counters.taken++
    let rows: readonly unknown[]
    try {
      const result = this.#expand(value, key)
      if (this.#first) this.#first = refusePromise(result, node.name, 'mapValuesAsync')
      rows = Array.isArray(result) ? result : Array.from(result)
      this.check(rows)
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    for (let i = 0; i < rows.length; i++) this.pass(key, rows[i])
  }

  abstract check(rows: readonly unknown[]): void
  abstract pass(key: unknown, row: unknown): void
}

/** Values under the same key. */
export class FlatMapValues extends Flat {
  check(): void {}
  pass(key: unknown, row: unknown): void {
    this.node.next.process(key, row, this.node.row)
  }
}

/** Pairs of key and value. */
export class FlatMap extends Flat {
  check(rows: readonly unknown[]): void {
    for (const row of rows)
      if (!Array.isArray(row)) throw new TypeError('flatMap must return pairs [key, value]')
  }
  pass(_key: unknown, row: unknown): void {
    const pair = row as readonly [unknown, unknown]
    this.node.next.process(pair[0], pair[1], this.node.row)
  }
}
