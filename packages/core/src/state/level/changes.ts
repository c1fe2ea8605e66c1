/**
 * What of a store its disk does not have yet: entries that are dirty, that wait for a decision in one freeze or two, or that
 * are decided and not written. They stay in memory until they are written, so a read needs to look at two places only: the
 * entries, then the disk. Nothing is written before it is decided (law 3), and an entry that is written in the meantime of a
 * newer change stays until that one is written, too.
 */
import { FrozenDelta } from '../delta.ts'
import type { StoreDelta, StoreOp } from '../state.ts'
import { rowsPerPiece } from './disk.ts'
import type { DiskRows } from './disk.ts'

/** The part of an entry of a store that says what the disk lacks of it. */
export interface Unwritten {
  /** Its key in the deltas of its store. */
  readonly bytes: Uint8Array
  dirty: boolean
  /** Freezes without a decision that hold it. */
  undecided: number
  /** The newest decided operation, while it is not written. */
  decided: StoreOp | undefined
  /** It stands in line to be written. */
  queued: boolean
}

/** Memory that decided and unwritten operations take, over all stores that share it. */
export interface Backlog {
  bytes: number
}

/** What one freeze took of one store. */
export interface Freeze {
  readonly delta: StoreDelta
  decided(): void
}

/** An operation and its place in maps and lists. */
const opOverheadBytes = 300

export class Changes<E extends Unwritten> {
  readonly #store: string
  readonly #backlog: Backlog
  readonly #freeze: (entry: E) => StoreOp
  readonly #written: (entry: E, op: StoreOp) => void
  #dirty: E[] = []
  readonly #queue: E[] = []

  /** `written`: the disk has everything of the entry, whose last operation was this. */
  constructor(
    store: string,
    backlog: Backlog,
    freeze: (entry: E) => StoreOp,
    written: (entry: E, op: StoreOp) => void,
  ) {
    this.#store = store
    this.#backlog = backlog
    this.#freeze = freeze
    this.#written = written
  }

  get dirty(): number {
    return this.#dirty.length
  }

  touch(entry: E): void {
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }

  freeze(): Freeze {
    const entries = this.#dirty
    this.#dirty = []
    const ops = entries.map((entry) => {
      entry.dirty = false
      entry.undecided++
      return this.#freeze(entry)
    })
    const decided = (): void => {
      for (let i = 0; i < entries.length; i++) {
        entries[i]!.undecided--
        this.decide(entries[i]!, ops[i]!)
      }
    }
    return { delta: new FrozenDelta(this.#store, ops), decided }
  }

  /** The newest decided operation of an entry. The entry's own, and its value is encoded from here on. */
  decide(entry: E, op: StoreOp): void {
    this.#backlog.bytes += weightOf(op) - weightOf(entry.decided)
    entry.decided = op
    if (entry.queued) return
    entry.queued = true
    this.#queue.push(entry)
  }

  /** Writes up to a thousand decided operations, in no order: they are absolute. False when none is left. */
  async write(rows: DiskRows): Promise<boolean> {
    const entries = this.#take(rowsPerPiece)
    if (entries.length === 0) return false
    const ops = entries.map(({ decided }) => decided!)
    await rows.write(ops)
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      if (entry.decided !== ops[i]) continue // a newer one was decided meanwhile, and stands in line
      this.#backlog.bytes -= weightOf(entry.decided)
      entry.decided = undefined
      if (!entry.dirty && entry.undecided === 0) this.#written(entry, ops[i]!)
    }
    return this.#queue.length > 0
  }

  /** The store is closed: what it has not written is no memory any more. */
  close(): void {
    for (const entry of this.#take(Infinity)) this.#backlog.bytes -= weightOf(entry.decided)
  }

  #take(max: number): readonly E[] {
    const entries = this.#queue.splice(-max)
    for (const entry of entries) entry.queued = false
    return entries
  }
}

function weightOf(op: StoreOp | undefined): number {
  return op === undefined ? 0 : opOverheadBytes + op.key.length + (op.value?.length ?? 0)
}
