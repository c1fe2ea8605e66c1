/** What decided commits say of a store in memory, as bytes: kept for queries only, beside what processors have. */
import { textOf } from '../byte-text.ts'
import { SortedKeys } from '../sorted-keys.ts'
import type { StoreOp } from '../state.ts'
import type { StoredRow, StoredRows } from '../stored-rows.ts'

interface Row {
  readonly bytes: Uint8Array
  value: Uint8Array
}

export class CommittedRows implements StoredRows {
  readonly #rows = new Map<string, Row>()
  readonly #sorted: SortedKeys<Row>

  constructor(store: string) {
    this.#sorted = new SortedKeys(store, Infinity)
  }

  /** In the order of the commits. Keeps no bytes of theirs. */
  apply(ops: Iterable<StoreOp>): void {
    for (const { key, value } of ops) {
      const text = textOf(key)
      const row = this.#rows.get(text)
      if (value === null) {
        if (row === undefined) continue
        this.#rows.delete(text)
        this.#sorted.remove(row)
      } else if (row === undefined) {
        const added = { bytes: key.slice(), value: value.slice() }
        this.#rows.set(text, added)
        this.#sorted.add(added)
      } else row.value = value.slice()
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(textOf(key))?.value.slice()
  }

  *between(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): Generator<StoredRow> {
    for (const { bytes } of this.#sorted.between(from, to, reverse, Infinity)) {
      const value = this.get(bytes)
      if (value !== undefined) yield { key: bytes, value }
    }
  }
}
