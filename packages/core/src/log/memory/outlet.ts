/**
 * The outlet of a memory log's decider. Rows of the commit that was begun leave at once and lie in its open transaction; rows
 * behind a freeze wait here until theirs is begun, because a row sent before would join the wrong one. What waits is bounded
 * (law 7): beyond that `append` says full.
 */
import { assert } from '../../assert.ts'
import type { Outlet } from '../decider.ts'
import { Wakeup } from '../wakeup.ts'
import type { MemoryRow } from './split.ts'

export interface AddressedRow {
  readonly topic: string
  readonly partition: number
  readonly row: MemoryRow
}

export class MemoryOutlet implements Outlet {
  readonly #rowsMax: number
  readonly #send: (row: AddressedRow) => void
  readonly #wakeup = new Wakeup()
  /** Rows that wait, by commit: the oldest not yet decided first, the one in progress last. */
  #commits: AddressedRow[][] = [[]]
  #waiting = 0
  /** Rows of the first commit may leave. */
  #begun = false
  /** Nothing of it will ever be visible: rows are dropped. */
  #lost = true

  constructor(rowsMax: number, send: (row: AddressedRow) => void) {
    this.#rowsMax = rowsMax
    this.#send = send
  }

  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers?: ReadonlyMap<string, Uint8Array>,
  ): boolean {
    if (this.#lost) return false
    const row = {
      topic,
      partition,
      row: { key, value, timestamp, ...(headers === undefined ? {} : { headers }) },
    }
    if (this.#begun && this.#commits.length === 1) this.#send(row)
    else {
      this.#commits.at(-1)!.push(row)
      this.#waiting++
    }
    return !this.#full
  }

  freeze(): void {
    if (!this.#lost) this.#commits.push([])
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (this.#full && !this.#lost && !signal.aborted) await this.#wakeup.wait(signal, false)
  }

  get #full(): boolean {
    return this.#waiting >= this.#rowsMax
  }

  // ---- what the decider tells it

  /** A new transactional epoch: nothing waits. */
  reset(): void {
    this.#commits = [[]]
    this.#waiting = 0
    this.#begun = false
    this.#lost = false
  }

  begin(): void {
    assert(!this.#begun, 'Law 3: a commit is begun after the one before it was decided')
    this.#begun = true
    const rows = this.#commits[0]!.splice(0)
    this.#waiting -= rows.length
    for (const row of rows) this.#send(row)
    this.#wakeup.wake()
  }

  /** There is a commit that was begun and frozen: all its rows have left. */
  get frozen(): boolean {
    return this.#begun && this.#commits.length > 1
  }

  decided(): void {
    this.#begun = false
    this.#commits.shift()
  }

  lose(): void {
    this.reset()
    this.#lost = true
    this.#wakeup.wake()
  }
}
