/**
 * Line: what waits, in state, behind what a node still owes: first in, first out. A node that is given a row while it owes puts it here,
 * and takes it from `drain` when its turn has come, so that the slices in which it pays show in no result (law 13).
 *
 * A line is empty again before the node above makes further rows: a stage drains a node to its end before it goes on above. So numbers
 * begin anew in an empty line, and the newest need not be known after a restore.
 */
import type { Due, DueStore } from '../state/store.ts'

export class Line<V> {
  readonly #store: DueStore<V>
  #next = 0

  constructor(store: DueStore<V>) {
    this.#store = store
  }

  get empty(): boolean {
    return this.#store.size === 0
  }

  push(id: Uint8Array, value: V): void {
    if (this.empty) this.#next = 0
    this.#store.put(this.#next++, id, value)
  }

  /** Undefined: the line is empty, or its first one is on disk. */
  get first(): Due<V> | undefined {
    return this.#store.first(Infinity)
  }

  /** The first one keeps its place with another value. */
  replace(first: Due<V>, value: V): void {
    this.#store.put(first.time, first.id, value)
  }

  shift(first: Due<V>): void {
    this.#store.delete(first.time, first.id)
  }
}
