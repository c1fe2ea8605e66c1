/**
 * Entries: the store of a plain table, as the table's own node and those that look it up see it: the newest value of each key and its
 * time. A null value deletes.
 *
 * An object has one owner. Where something above may go on changing a value that it has passed on (an aggregate, a processor with
 * stores), the table is told a serde, and keeps a copy.
 */
import type { Serde } from '../../serde/serde.ts'
import type { Timed } from '../../serde/timed.ts'
import type { KeyValueStore, StoreSpec } from '../../state/store.ts'
import { copyOf } from '../copy.ts'
import type { TableReader } from '../processor.ts'

/** The store of a table, and what its node must know of it. */
export interface TableStore {
  readonly spec: StoreSpec<KeyValueStore<unknown, Timed>>
  /** With it values are copied before they are kept. */
  readonly copy: Serde<unknown> | undefined
}

export class Entries implements TableReader {
  readonly #store: KeyValueStore<unknown, Timed>
  readonly #copy: Serde<unknown> | undefined

  constructor(store: KeyValueStore<unknown, Timed>, copy: Serde<unknown> | undefined) {
    this.#store = store
    this.#copy = copy
  }

  /** Throws what the serde throws for what is no key. */
  get(key: unknown): Timed | undefined {
    return this.#store.get(key)
  }

  /** The value in the form in which it may be kept. */
  own(value: unknown): unknown {
    return this.#copy === undefined ? value : copyOf(value, this.#copy)
  }

  /** `before` is what `get` has just given for the key; it changes. */
  put(key: unknown, value: unknown, time: number, before: Timed | undefined): void {
    if (value === null) {
      if (before !== undefined) this.#store.delete(key)
      return
    }
    if (before === undefined) {
      this.#store.put(key, { value, time })
      return
    }
    before.value = value
    before.time = time
    this.#store.put(key, before)
  }
}
