/** A batch from plain arrays: what tests offer to a task. A position is the number of rows before it, as text. */
import type { Batch } from '../log/source-port.ts'
import type { Position } from '../log/position.ts'

export interface TestRow {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

export class TestBatch implements Batch {
  readonly split: string
  readonly #rows: readonly TestRow[]
  readonly #first: number

  /** `first` is the number of rows of the split before this batch. */
  constructor(split: string, first: number, rows: readonly TestRow[]) {
    this.split = split
    this.#first = first
    this.#rows = rows
  }

  get length(): number {
    return this.#rows.length
  }

  get next(): Position {
    return String(this.#first + this.#rows.length)
  }

  key(row: number): unknown {
    return this.#rows[row]!.key
  }

  value(row: number): unknown {
    return this.#rows[row]!.value
  }

  timestamp(row: number): number {
    return this.#rows[row]!.timestamp
  }

  headers(row: number): ReadonlyMap<string, Uint8Array> | undefined {
    return this.#rows[row]!.headers
  }

  position(row: number): Position {
    return String(this.#first + row + 1)
  }
}
