/**
 * Reads one partition ahead of its consumer. What is behind comes from LevelDB in the background;
 * what is appended while the reader is at the end is handed over from memory, without a read.
 * Chunks meet without a gap, and what waits is bounded by rows and bytes (law 7; the last chunk may
 * stand across the bound).
 *
 * A refill begins when half of the bound is free: an iterator costs as much as a hundred rows.
 */
import { MillraceError } from '../../errors.ts'
import type { Batch } from '../source-port.ts'
import type { StoredBatch } from './batch.ts'
import type { EmbeddedDatabase } from './database.ts'
import { RecordReader } from './records.ts'
import type { PartitionListener, PartitionState } from './topics.ts'

export interface PrefetchBounds {
  /** Rows fetched but not polled, per split. Default 20,000. */
  readonly rowsMax: number
  /** Bytes fetched but not polled, per split. Default 8 MiB. */
  readonly bytesMax: number
}

/**
 * Chunks below this size are joined when they are polled: a row at a time appended is not a row at
 * a time polled.
 */
const joinBytes = 64 * 1024

export class SplitReader implements PartitionListener {
  readonly split: string
  readonly state: PartitionState
  paused = false
  readonly #database: EmbeddedDatabase
  readonly #bounds: PrefetchBounds
  readonly #news: (error?: unknown) => void
  #queue: StoredBatch[] = []
  #rows = 0
  #bytes = 0
  /** Behind everything fetched. */
  #fetched: number
  /** Behind everything polled. */
  #polled: number
  #open:
    | {
        readonly base: number
        readonly count: number
        readonly bytes: number
        readonly reader: RecordReader
      }
    | undefined
  #fetching: Promise<void> | undefined
  #closed = false

  constructor(
    split: string,
    state: PartitionState,
    from: number,
    database: EmbeddedDatabase,
    bounds: PrefetchBounds,
    news: (error?: unknown) => void,
  ) {
    this.split = split
    this.state = state
    this.#fetched = from
    this.#polled = from
    this.#database = database
    this.#bounds = bounds
    this.#news = news
    state.listeners.add(this)
    this.#fetch()
  }

  get caughtUp(): boolean {
    return this.#polled >= this.state.end
  }

  get lag(): number {
    return this.state.end - this.#polled
  }

  /** Rows that `poll` would give now. */
  get waiting(): number {
    return this.#rows
  }

  get waitingBytes(): number {
    return this.#bytes
  }

  appended(batch: StoredBatch): void {
    if (this.#fetching === undefined && batch.base === this.#fetched && this.#hasRoom(1))
      this.#push(batch)
    else this.#fetch()
    this.#news()
  }

  poll(rowsMax: number): Batch<Uint8Array> | undefined {
    if (this.#rows === 0 || rowsMax < 1) return undefined
    const open = (this.#open ??= this.#openNext())
    const from = this.#polled - open.base
    const to = Math.min(open.count, from + rowsMax)
    this.#polled = open.base + to
    this.#rows -= to - from
    if (to === open.count) {
      this.#open = undefined
      this.#bytes -= open.bytes
    }
    this.#fetch()
    return new EmbeddedBatch(this.split, open.reader, open.base, from, to)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.state.listeners.delete(this)
    this.#queue = []
    this.#open = undefined
    this.#rows = 0
    this.#bytes = 0
    await this.#fetching
  }

  #hasRoom(share: number): boolean {
    return this.#rows < this.#bounds.rowsMax * share && this.#bytes < this.#bounds.bytesMax * share
  }

  #fetch(): void {
    if (
      this.#fetching !== undefined ||
      this.#closed ||
      this.#fetched >= this.state.end ||
      !this.#hasRoom(0.5)
    )
      return
    this.#fetching = this.#fetchAll()
      .catch((error: unknown) => {
        if (!this.#closed) this.#news(error)
        this.#closed = true
      })
      .finally(() => {
        this.#fetching = undefined
        // What was appended after the last look at the end has woken nobody.
        this.#fetch()
      })
  }

  async #fetchAll(): Promise<void> {
    while (!this.#closed && this.#fetched < this.state.end && this.#hasRoom(1)) {
      if (this.#fetched < this.state.start)
        throw positionGone(this.split, String(this.#fetched), this.state)
      for await (const batches of this.#database.scan(this.state, this.#fetched)) {
        if (this.#closed) return
        // What one read found beyond the bound is read again later.
        for (const batch of batches) if (this.#hasRoom(1)) this.#push(batch)
        this.#news()
        if (!this.#hasRoom(1)) return
      }
    }
  }

  #push(batch: StoredBatch): void {
    this.#queue.push(batch)
    const next = batch.base + batch.count
    this.#rows += next - this.#fetched
    this.#bytes += batch.bytes.length
    this.#fetched = next
  }

  #openNext(): { base: number; count: number; bytes: number; reader: RecordReader } {
    const first = this.#queue[0]!
    let { count } = first
    let bytes = first.bytes.length
    let chunks = 1
    for (
      ;
      chunks < this.#queue.length && bytes + this.#queue[chunks]!.bytes.length <= joinBytes;
      chunks++
    ) {
      bytes += this.#queue[chunks]!.bytes.length
      count += this.#queue[chunks]!.count
    }
    const taken = this.#queue.splice(0, chunks)
    const joined = chunks === 1 ? first.bytes : Buffer.concat(taken.map((chunk) => chunk.bytes))
    return { base: first.base, count, bytes, reader: new RecordReader({ count, bytes: joined }) }
  }
}

/** Rows `from` to `to` of a chunk. Keys and values are views into it. */
class EmbeddedBatch implements Batch<Uint8Array> {
  readonly split: string
  readonly length: number
  readonly #reader: RecordReader
  readonly #base: number
  readonly #from: number

  constructor(split: string, reader: RecordReader, base: number, from: number, to: number) {
    this.split = split
    this.length = to - from
    this.#reader = reader
    this.#base = base
    this.#from = from
  }

  get next(): string {
    return this.position(this.length - 1)
  }

  key(row: number): Uint8Array | null {
    return this.#reader.key(this.#from + row)
  }

  value(row: number): Uint8Array | null {
    return this.#reader.value(this.#from + row)
  }

  timestamp(row: number): number {
    return this.#reader.timestamp(this.#from + row)
  }

  headers(row: number): ReadonlyMap<string, Uint8Array> | undefined {
    return this.#reader.headers(this.#from + row)
  }

  position(row: number): string {
    return String(this.#base + this.#from + row + 1)
  }
}

export function positionGone(
  split: string,
  position: string,
  state: { readonly start: number; readonly end: number },
): MillraceError {
  return new MillraceError(
    'MILLRACE_POSITION_GONE',
    `position ${position} is not in the log, which has ${state.start} to ${state.end}: the log was purged, lost or replaced after the checkpoint was written. Put the log back, or reset the checkpoint of the app and choose where it starts`,
    { at: { split, position } },
  )
}
