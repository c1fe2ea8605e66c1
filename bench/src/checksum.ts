/** What the end of every pipeline does with a row: V8 deletes work whose result nobody uses. Order does not matter to it. */
import type { Event } from './rows.ts'

export class Checksum {
  rows = 0
  sum = 0
  /** Filled by `peek` steps. */
  peeked = 0

  add(value: Event): void {
    this.rows++
    this.sum = (this.sum + value.amount * 4 + value.kind) | 0
  }

  get text(): string {
    return `${this.rows} rows, sum ${this.sum}, peeked ${this.peeked}`
  }
}
