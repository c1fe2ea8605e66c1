/**
 * StageQueue: what stands between two stages. Everything that crosses stands in one line, in the order in which the stage
 * above emitted it: rows of async nodes (with or without their answer yet), rows that by-pass them, and moves of T.
 *
 * The next entry is the oldest one that nothing older blocks. A row in flight blocks in `ordered` mode everything younger,
 * so the next stage sees exactly what it would see behind a synchronous node (law 13); in `perKey` mode the younger rows of
 * its key in its node; in `unordered` mode nothing. In every mode it holds back the moves of T behind it (law 5).
 *
 * What stands here at a freeze is in flight: it goes into the delta, and comes back in the same order after a restore.
 */
import type { AsyncNode, AsyncQueue } from '../processors/async-node.ts'
import type { Receiver } from '../processors/processor.ts'
import type { Row } from '../processors/row.ts'
import type { Origin } from '../row.ts'
import type { Calls, Pending } from './calls.ts'
import type { CallResult } from './effects.ts'
import type { Cut } from './split-input.ts'

export interface RowEntry {
  readonly kind: 'row'
  readonly seq: number
  /** Async node that was asked, or the edge that was crossed. */
  readonly from: AsyncNode | Crossing
  readonly key: unknown
  readonly value: unknown
  readonly time: number
  /** T of the stage above when the row crossed. */
  readonly watermark: number
  readonly headers: ReadonlyMap<string, Uint8Array> | undefined
  readonly origin: Origin | undefined
  /** Of a row of a table. */
  readonly change: ChangeFlags | undefined
  answer: CallResult | undefined
}

/** What a change of a table carries beside key and value. */
export interface ChangeFlags {
  readonly old: unknown
  readonly latest: boolean
  readonly final: boolean
}

export interface TimeEntry {
  readonly kind: 'time'
  readonly seq: number
  watermark: number
}

export type Entry = RowEntry | TimeEntry

/** An edge of the graph that crosses into the next stage. It has a name because its rows may be in flight at a commit. */
export class Crossing implements Receiver {
  readonly name: string
  readonly target: Receiver
  readonly #queue: StageQueue

  constructor(name: string, target: Receiver, queue: StageQueue) {
    this.name = name
    this.target = target
    this.#queue = queue
  }

  process(key: unknown, value: unknown, row: Row): void {
    this.#queue.pass(this, key, value, row)
  }
}

export class StageQueue implements AsyncQueue {
  readonly #calls: Calls
  readonly #nextSeq: () => number
  readonly #entries: Entry[] = []
  #rows = 0
  /** Answers there were when no entry could be taken; -1: one may be there. */
  #nothingSince = -1
  #stopBefore: Cut | undefined = undefined
  /** The row to stop before is next in line. */
  cut = false

  constructor(calls: Calls, nextSeq: () => number) {
    this.#calls = calls
    this.#nextSeq = nextSeq
  }

  /** Rows that stand here, answered or not. */
  get rows(): number {
    return this.#rows
  }

  get empty(): boolean {
    return this.#entries.length === 0
  }

  entries(): readonly Entry[] {
    return this.#entries
  }

  submit(from: AsyncNode, key: unknown, value: unknown, row: Row): void {
    this.#ask(this.#enter(from, key, value, row, undefined))
  }

  submitReady(from: AsyncNode, key: unknown, value: unknown, result: unknown, row: Row): void {
    this.#enter(from, key, value, row, { ok: result })
  }

  pass(from: Crossing, key: unknown, value: unknown, row: Row): void {
    this.#enter(from, key, value, row, undefined)
  }

  /** T of the stage above has moved, behind everything that stands here. */
  time(watermark: number): void {
    const last = this.#entries[this.#entries.length - 1]
    if (last !== undefined && last.kind === 'time') last.watermark = watermark
    else {
      // Behind rows that wait it waits, too.
      if (this.#entries.length === 0) this.#nothingSince = -1
      this.#entries.push({ kind: 'time', seq: this.#nextSeq(), watermark })
    }
  }

  /** A row that was in flight at the commit that is being restored. Call in order. */
  restore(entry: Omit<RowEntry, 'kind' | 'answer'>): void {
    const row: RowEntry = { ...entry, kind: 'row', answer: undefined }
    this.#entries.push(row)
    this.#rows++
    this.#nothingSince = -1
    if (!(row.from instanceof Crossing)) {
      row.from.node.counters.taken++
      row.from.node.counters.inFlight++
      this.#ask(row)
    }
  }

  /** Replay stops before this row and what is behind it (error policy 'fail'). False if it does not stand here. */
  stopBefore(cut: Cut): boolean {
    this.#stopBefore = cut
    return this.#entries.some((entry) => isOf(entry, cut))
  }

  /** Takes the oldest entry that nothing blocks. Looks only when something has been answered or has come since it found none. */
  take(): Entry | undefined {
    if (this.#nothingSince === this.#calls.answers) return undefined
    const entry = this.#find()
    this.#nothingSince = entry === undefined ? this.#calls.answers : -1
    return entry
  }

  #find(): Entry | undefined {
    const entries = this.#entries
    let holdsTime = false
    let blockedKeys: Map<AsyncNode, Set<unknown>> | undefined
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      if (this.#stopBefore !== undefined && isOf(entry, this.#stopBefore)) {
        this.cut = i === 0
        return undefined
      }
      if (entry.kind === 'time') {
        if (holdsTime) continue
        return this.#remove(i)
      }
      const { from } = entry
      if (from instanceof Crossing) return this.#remove(i)
      const { mode } = from.bounds
      if (entry.answer === undefined) {
        if (mode === 'ordered') return undefined
        holdsTime = true
        if (mode === 'perKey') {
          blockedKeys ??= new Map()
          const keys = blockedKeys.get(from)
          if (keys === undefined) blockedKeys.set(from, new Set([identity(entry.key)]))
          else keys.add(identity(entry.key))
        }
        continue
      }
      if (blockedKeys?.get(from)?.has(identity(entry.key)) === true) {
        holdsTime = true
        continue
      }
      return this.#remove(i)
    }
    return undefined
  }

  #remove(i: number): Entry {
    const entries = this.#entries
    const entry = entries[i]!
    if (i === 0) entries.shift()
    else entries.splice(i, 1)
    if (entry.kind === 'row') this.#rows--
    return entry
  }

  #enter(
    from: AsyncNode | Crossing,
    key: unknown,
    value: unknown,
    row: Row,
    answer: CallResult | undefined,
  ): RowEntry {
    const entry: RowEntry = {
      kind: 'row',
      seq: this.#nextSeq(),
      from,
      key,
      value,
      time: row.time,
      watermark: row.watermark,
      headers: row.headers,
      origin: row.origin?.keep(),
      change:
        row.old === undefined && row.latest && !row.final
          ? undefined
          : { old: row.old, latest: row.latest, final: row.final },
      answer,
    }
    this.#entries.push(entry)
    this.#rows++
    if (answer !== undefined || from instanceof Crossing) this.#nothingSince = -1
    return entry
  }

  #ask(entry: RowEntry): void {
    this.#calls.start(entry as RowEntry & Pending)
  }
}

function isOf(entry: Entry, { split, position }: Cut): boolean {
  return entry.kind === 'row' && entry.origin?.position === position && entry.origin.split === split
}

/** Equal keys are equal in their encoded bytes; objects by their JSON text, which is enough to keep an order. */
function identity(key: unknown): unknown {
  return typeof key === 'object' && key !== null ? JSON.stringify(key) : key
}
