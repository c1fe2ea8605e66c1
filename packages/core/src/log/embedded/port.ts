/**
 * SourcePort over the embedded log: one split reader per split, polled in turn. A position is the
 * next offset as decimal text. Readers are independent of one another, in one task or many.
 */
import { MillraceError } from '../../errors.ts'
import type { From, Position, Split } from '../position.ts'
import type { Batch, SourcePort } from '../source-port.ts'
import { Wakeup } from '../wakeup.ts'
import type { EmbeddedDatabase } from './database.ts'
import { RecordReader } from './records.ts'
import { positionGone, SplitReader, type PrefetchBounds } from './split-reader.ts'
import type { PartitionState } from './topics.ts'

export class EmbeddedPort implements SourcePort {
  readonly #database: EmbeddedDatabase
  readonly #bounds: PrefetchBounds
  readonly #readers = new Map<string, SplitReader>()
  readonly #wakeup = new Wakeup()
  readonly #inUse: (port: EmbeddedPort, used: boolean) => void
  #turns: SplitReader[] = []
  #turn = 0

  constructor(
    database: EmbeddedDatabase,
    bounds: PrefetchBounds,
    inUse: (port: EmbeddedPort, used: boolean) => void,
  ) {
    this.#database = database
    this.#bounds = bounds
    this.#inUse = inUse
  }

  async open(split: Split, from: From): Promise<Position> {
    const state = this.#database.topics.partition(split.topic, split.partition)
    const at = await this.#resolve(split.id, state, from)
    if (this.#readers.has(split.id))
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `split ${split.id} is open already: close it first`,
      )
    const news = (error?: unknown): void =>
      error === undefined ? this.#wakeup.wake() : this.#wakeup.fail(error)
    this.#readers.set(
      split.id,
      new SplitReader(split.id, state, at, this.#database, this.#bounds, news),
    )
    this.#turns = [...this.#readers.values()]
    this.#inUse(this, true)
    this.#wakeup.wake()
    return String(at)
  }

  poll(rowsMax: number): Batch<Uint8Array> | undefined {
    for (let i = 0; i < this.#turns.length; i++) {
      this.#turn = (this.#turn + 1) % this.#turns.length
      const reader = this.#turns[this.#turn]!
      if (reader.paused) continue
      const batch = reader.poll(rowsMax)
      if (batch !== undefined) return batch
    }
    return undefined
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#wakeup.wait(
      signal,
      this.#turns.some((reader) => !reader.paused && reader.waiting > 0),
    )
  }

  pause(split: string, paused: boolean): void {
    const reader = this.#reader(split)
    reader.paused = paused
    if (!paused && reader.waiting > 0) this.#wakeup.wake()
  }

  caughtUp(split: string): boolean {
    return this.#readers.get(split)?.caughtUp ?? false
  }

  lag(split: string): number | undefined {
    return this.#readers.get(split)?.lag
  }

  /** The embedded log has no tools that would ask. */
  hint(): void {}

  /** What waits to be polled, for metrics and for the proof of the bounds. */
  waiting(split: string): { readonly rows: number; readonly bytes: number } {
    const reader = this.#reader(split)
    return { rows: reader.waiting, bytes: reader.waitingBytes }
  }

  async close(split: string): Promise<void> {
    const reader = this.#readers.get(split)
    if (reader === undefined) return
    this.#readers.delete(split)
    this.#turns = [...this.#readers.values()]
    this.#turn = 0
    if (this.#readers.size === 0) this.#inUse(this, false)
    await reader.close()
  }

  /** The log closes under the port. */
  async end(error: unknown): Promise<void> {
    this.#wakeup.fail(error)
    await Promise.all([...this.#readers.keys()].map((split) => this.close(split)))
  }

  #reader(split: string): SplitReader {
    const reader = this.#readers.get(split)
    if (reader === undefined)
      throw new MillraceError('MILLRACE_LIFECYCLE', `split ${split} is not open`)
    return reader
  }

  async #resolve(split: string, state: PartitionState, from: From): Promise<number> {
    if (from === 'earliest') return state.start
    if (from === 'latest') return state.end
    if ('at' in from) return await this.#firstAt(state, from.at)
    const at = /^\d+$/.test(from.after) ? Number(from.after) : NaN
    if (!(at >= state.start && at <= state.end)) throw positionGone(split, from.after, state)
    return at
  }

  /** The first record that is not older than `time`: read, for there is no index of time. */
  async #firstAt(state: PartitionState, time: number): Promise<number> {
    const { start, end } = state
    if (start === end) return end
    for await (const batches of this.#database.scan(state, start)) {
      for (const batch of batches) {
        const reader = new RecordReader(batch)
        for (let row = 0; row < batch.count; row++) {
          if (batch.base + row >= start && reader.timestamp(row) >= time) return batch.base + row
        }
      }
    }
    return end
  }
}
