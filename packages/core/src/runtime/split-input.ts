/**
 * SplitInput: the fetched batches of one split, the row at their head, and how far the split has been consumed.
 * The position covers a row once that row has passed its stage (or ended in the prefix), never before: `advance` is called
 * behind the row, and works out the next head.
 */
import { decodeMarker, markerHeader } from '../log/marker.ts'
import type { Marker } from '../log/marker.ts'
import type { Batch } from '../log/source-port.ts'
import type { Position, Split } from '../log/position.ts'
import type { Head, Prefix } from './prefix.ts'

/** The row that failed a task, and whether it had reached its stage. */
export interface Cut {
  readonly split: string
  readonly position: Position
  readonly inPrefix: boolean
}

export class SplitInput {
  readonly split: Split
  readonly prefix: Prefix
  readonly head: Head = { key: undefined, value: undefined, time: NaN, headers: undefined }
  hasHead = false
  /** The log has said that nothing more is there. */
  caughtUp = false
  ended = false
  rowsBuffered = 0
  /** The highest event time taken, where an `eventTime` may ask for it. */
  partitionTime = -1
  readonly #timed: boolean
  /** The head's batch and place in it. */
  batch: Batch | undefined = undefined
  index = 0
  #queue: Batch[] = []
  #next = 0
  /** Consumed so far: `#done` as text, or row `#doneRow` of `#doneBatch`, whichever is newer. */
  #done: Position | undefined
  #doneBatch: Batch | undefined = undefined
  #doneRow = 0
  /** Replay stops before the row with this position (error policy 'fail'), in the prefix or when it is chosen. */
  #cut: Cut | undefined = undefined
  /** The row to stop before is next in this split, or is its head. */
  cut = false

  /** Takes the marker that rides on a row of a repartition log. */
  readonly #onMarker: ((marker: Marker) => void) | undefined

  constructor(
    split: Split,
    prefix: Prefix,
    from: Position | undefined,
    onMarker: ((marker: Marker) => void) | undefined,
  ) {
    this.split = split
    this.prefix = prefix
    this.#timed = prefix.eventTime !== undefined
    this.#done = from
    this.#onMarker = onMarker
  }

  /** True while nobody can know which row comes next: empty, and the log may hold more. */
  get unknown(): boolean {
    return !this.hasHead && !this.caughtUp && !this.ended
  }

  /** Nothing of it waits here, and the log is not known to hold more. */
  get exhausted(): boolean {
    return !this.hasHead && this.rowsBuffered === 0 && (this.caughtUp || this.ended)
  }

  get position(): Position | undefined {
    if (this.#doneBatch !== undefined) {
      this.#done = this.#doneBatch.position(this.#doneRow)
      this.#doneBatch = undefined
    }
    return this.#done
  }

  cutBefore(cut: Cut): void {
    this.#cut = cut
  }

  /** Takes a fetched batch. Its rows stay where they are until `advance` reaches them. */
  offer(batch: Batch): void {
    this.#queue.push(batch)
    this.rowsBuffered += batch.length
  }

  /** The head has passed its stage. */
  consume(): void {
    this.hasHead = false
    if (this.#timed && this.head.time > this.partitionTime) this.partitionTime = this.head.time
    this.#doneBatch = this.batch
    this.#doneRow = this.index
  }

  /** Finds the next head. Rows that end in the prefix are consumed on the way, in their turn. Returns rows ended. */
  advance(): number {
    let ended = 0
    while (!this.hasHead) {
      const batch = this.#queue[0]
      if (batch === undefined) return ended
      if (this.#next >= batch.length) {
        this.#queue.shift()
        this.#next = 0
        if (this.position !== batch.next) ended++ // the log withheld rows, and that is worth a commit
        this.#done = batch.next
        this.batch = undefined
        if (batch.end === true) this.ended = true
        continue
      }
      const index = this.#next
      this.batch = batch
      this.index = index
      if (this.#cut !== undefined && batch.position(index) === this.#cut.position) {
        this.cut = true
        if (this.#cut.inPrefix) return ended
      }
      this.#next++
      this.rowsBuffered--
      this.hasHead =
        this.#onMarker === undefined
          ? this.prefix.run(batch, index, this.head, this.partitionTime)
          : this.#runMarked(batch, index, this.#onMarker)
      if (!this.hasHead) {
        ended++
        this.#doneBatch = batch
        this.#doneRow = index
      }
    }
    return ended
  }

  /** A row of a repartition log: the time it brings, then the row, which does not show where it came through. */
  #runMarked(batch: Batch, index: number, onMarker: (marker: Marker) => void): boolean {
    const headers = batch.headers(index)
    const bytes = headers?.get(markerHeader)
    if (bytes === undefined) return this.prefix.run(batch, index, this.head, this.partitionTime)
    const marker = decodeMarker(bytes)
    onMarker(marker)
    if (marker.bare || !this.prefix.run(batch, index, this.head, this.partitionTime)) return false
    this.head.headers = headers!.size === 1 ? undefined : without(headers!, markerHeader)
    return true
  }
}

function without(
  headers: ReadonlyMap<string, Uint8Array>,
  name: string,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...headers].filter(([header]) => header !== name))
}
