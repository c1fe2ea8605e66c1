/**
 * Waiting: the rows of an outer side that have found no partner yet, in the order in which they leave without one: (time, key bytes,
 * arrival). A partner that comes in time takes them out.
 *
 * Under stream time it also counts how many wait at each time: Kafka Streams' walk over these rows decides by the place where it
 * stops when the next one may come, and the counts tell that place without walking.
 */
import type { Serde } from '../../serde/serde.ts'
import type { DueStore, KeyValueStore } from '../../state/store.ts'
import { keyOfId, numberedId } from './numbered-id.ts'

export interface WaitingStores {
  readonly rows: DueStore<Uint8Array>
  /** Rows that wait at each time; stream time only. */
  readonly times: KeyValueStore<number, number> | undefined
}

export class Waiting {
  readonly #key: Serde<unknown>
  readonly #rows: DueStore<Uint8Array>
  readonly times: TimeCounts | undefined
  // The row that `lowest` found.
  time: number = NaN
  value: Uint8Array = none
  #id: Uint8Array = none

  constructor(key: Serde<unknown>, { rows, times }: WaitingStores) {
    this.#key = key
    this.#rows = rows
    this.times = times === undefined ? undefined : new TimeCounts(times)
  }

  get size(): number {
    return this.#rows.size
  }

  /** `number`: which row of its key it is. `key`: its bytes. */
  add(key: Uint8Array, time: number, number: number, value: Uint8Array): void {
    this.#rows.put(time, numberedId(key, number), value)
    this.times?.add(time)
  }

  /** It has a partner now, if it was waiting at all. */
  remove(key: Uint8Array, time: number, number: number): void {
    const id = numberedId(key, number)
    if (this.times !== undefined) {
      if (this.#rows.get(time, id) === undefined) return
      this.times.remove(time)
    }
    this.#rows.delete(time, id)
  }

  /**
   * Time of the lowest row, whatever T is: Infinity when none waits, NaN when it is still on disk and the task will fetch it. (A row
   * of the other side must not leave before it is known which of the two is lower.)
   */
  lowest(): number {
    const due = this.#rows.first(Infinity)
    if (due === undefined) return this.#rows.size === 0 ? Infinity : NaN
    this.time = due.time
    this.#id = due.id
    this.value = due.value
    return due.time
  }

  /** The key of the row that `lowest` found. */
  keyOfLowest(): unknown {
    return this.#key.decode(keyOfId(this.#id))
  }

  /** Takes it out. */
  takeLowest(): void {
    this.times?.remove(this.time)
    this.#rows.delete(this.time, this.#id)
  }
}

/** How many rows wait at each time, in order. */
export class TimeCounts {
  readonly #store: KeyValueStore<number, number>

  constructor(store: KeyValueStore<number, number>) {
    this.#store = store
  }

  at(time: number): number {
    return this.#store.get(time) ?? 0
  }

  add(time: number): void {
    this.#store.put(time, this.at(time) + 1)
  }

  remove(time: number): void {
    const count = this.at(time)
    if (count > 1) this.#store.put(time, count - 1)
    else this.#store.delete(time)
  }

  /** The lowest time from there on; Infinity if there is none. */
  from(time: number): number {
    for (const [first] of this.#store.range(time, undefined, forward)) return first
    return Infinity
  }

  /** The highest; -Infinity if there is none. */
  get last(): number {
    for (const [last] of this.#store.all(backward)) return last
    return -Infinity
  }
}

const none: Uint8Array = new Uint8Array(0)
const forward = Object.freeze({ limit: 1 })
const backward = Object.freeze({ limit: 1, reverse: true })
