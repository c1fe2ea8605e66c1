/**
 * MapValues, SelectKey and MapRow: one row in, one row out, the function being the user's. The result of the first row is
 * tested for a promise: `mapValues(async ...)` compiles, because a promise is a legal value, and is never what was meant.
 */
import { MillraceError } from '../errors.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'

/** A new value under the same key. */
export class MapValues implements Processor {
  readonly #map: (value: unknown, key: unknown) => unknown
  #node!: Node
  #first = true

  constructor(map: (value: unknown, key: unknown) => unknown) {
    this.#map = map
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let mapped: unknown
    try {
      mapped = this.#map(value, key)
      if (this.#first) this.#first = refusePromise(mapped, node.name, 'mapValuesAsync')
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.next.process(key, mapped, node.row)
  }
}

/** A new key for the same value. */
export class SelectKey implements Processor {
  readonly #key: (value: unknown, key: unknown) => unknown
  #node!: Node
  #first = true

  constructor(key: (value: unknown, key: unknown) => unknown) {
    this.#key = key
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let mapped: unknown
    try {
      mapped = this.#key(value, key)
      if (this.#first) this.#first = refusePromise(mapped, node.name, 'mapValuesAsync')
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.next.process(mapped, value, node.row)
  }
}

/** A new key and a new value, as a pair. */
export class MapRow implements Processor {
  readonly #map: (value: unknown, key: unknown) => readonly [unknown, unknown]
  #node!: Node
  #first = true

  constructor(map: (value: unknown, key: unknown) => readonly [unknown, unknown]) {
    this.#map = map
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let mapped: readonly [unknown, unknown]
    try {
      mapped = this.#map(value, key)
      if (this.#first) this.#first = refusePromise(mapped, node.name, 'mapValuesAsync')
      if (!Array.isArray(mapped)) throw new TypeError('map must return a pair [key, value]')
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.next.process(mapped[0], mapped[1], node.row)
  }
}

/** Always false, or it throws: assigned to a `first` flag. */
export function refusePromise(result: unknown, node: string, instead: string): false {
  if (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { then?: unknown }).then === 'function'
  ) {
    void (result as Promise<unknown>).then(undefined, () => {})
    throw new MillraceError(
      'MILLRACE_ASYNC_RESULT',
      `the function of this node returned a promise, but rows are pushed synchronously: use ${instead}(...) for work that waits`,
      { at: { node } },
    )
  }
  return false
}
