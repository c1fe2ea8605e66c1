/**
 * TimeWindowAggregate: tumbling, hopping and unlimited windows (bounds: time/windows.ts, time/time-windows.ts).
 *
 * A row goes into each of its windows that is open at T, in ascending order of their starts: into all of them or, when the user's
 * function throws, into none. One that every window refuses is late, once, with the list of them; one that is in no window, because
 * there is a gap or because unlimited windows begin later, is dropped and counted.
 */
import type { Serde } from '../../serde/serde.ts'
import { closesAt, firstStart, gridOf, startOfClosing } from '../../time/time-windows.ts'
import type { WindowGrid } from '../../time/time-windows.ts'
import type { TimeWindow, UnlimitedWindow, Windowed } from '../../time/windows.ts'
import type { LateWindow } from '../node.ts'
import type { TableEntry } from '../processor.ts'
import { entryStores, windowForm } from './entry-stores.ts'
import type { EntryStores, WindowEntry } from './entry-stores.ts'
import { KeyedWindows, dueTo } from './keyed-windows.ts'
import type { KeyedWindowOptions } from './keyed-windows.ts'
import type { Add } from './options.ts'

export class TimeWindowAggregate extends KeyedWindows<TimeWindow | UnlimitedWindow, WindowEntry> {
  readonly #grid: WindowGrid
  /** The windows that take the row in progress, and what becomes of them. */
  readonly #entries: (WindowEntry | undefined)[] = []
  readonly #starts: number[] = []
  readonly #aggregates: unknown[] = []
  readonly #olds: unknown[] = []
  readonly #maxTimes: number[] = []

  constructor(options: KeyedWindowOptions<TimeWindow | UnlimitedWindow, WindowEntry>) {
    super(options)
    this.#grid = gridOf(options.window)
  }

  take(key: unknown, value: unknown, time: number, side: number): void {
    const { node } = this
    const grid = this.#grid
    const T = this.observe(time, side)
    const add = this.options.adds[side]!
    const first = firstStart(grid, time)
    let refused = 0
    let taken = 0
    try {
      this.entries.select(key)
      for (let start = first; start <= time; start += grid.advanceMs) {
        if (closesAt(grid, start) <= T) refused++
        else this.#plan(taken++, start, key, value, time, add)
      }
      this.#apply(taken, key)
    } catch (error) {
      node.fail(error)
      return
    }
    for (let i = 0; i < refused; i++) node.counters.note('expired-window')
    if (taken === 0 && refused === 0) node.drop('no-window')
    else if (taken === 0) node.late(key, value, 'late', this.#windowsFrom(first, refused), T)
    else if (!this.updates) node.counters.absorbed++
    else {
      node.counters.forwarded++
      this.#show(taken, key)
    }
  }

  closeAt(key: unknown, at: number): void {
    const start = startOfClosing(this.#grid, at)
    const entry = this.entries.find(start)
    if (entry === undefined) return // its aggregate became null
    this.showFinal(this.#windowed(key, start), entry.aggregate, entry.maxTime)
  }

  forgottenAt({ at }: WindowEntry): number {
    return closesAt(this.#grid, at) + this.options.retentionMs
  }

  placeOf({ start }: Windowed<unknown>): number {
    return start
  }

  seen({ aggregate, maxTime }: WindowEntry): TableEntry {
    return { value: aggregate, time: maxTime }
  }

  /** The new aggregate of one window. Nothing is changed yet. */
  #plan(i: number, start: number, key: unknown, value: unknown, time: number, add: Add): void {
    const entry = this.entries.find(start)
    this.#entries[i] = entry
    this.#starts[i] = start
    const before = entry === undefined ? this.options.init() : this.given(entry.aggregate)
    this.#olds[i] = entry === undefined ? this.oldOfNew(before) : this.oldOf(entry.aggregate)
    this.#aggregates[i] = this.resultOf(add(before, value, key))
    this.#maxTimes[i] = entry === undefined || entry.maxTime < time ? time : entry.maxTime
  }

  #apply(count: number, key: unknown): void {
    for (let i = 0; i < count; i++) {
      const start = this.#starts[i]!
      const entry = this.#entries[i]
      const aggregate = this.#aggregates[i]
      const maxTime = this.#maxTimes[i]!
      if (aggregate === null) this.entries.remove(start)
      else if (entry === undefined) this.#open(key, { at: start, maxTime, aggregate })
      else {
        entry.aggregate = aggregate
        entry.maxTime = maxTime
        this.entries.changed(start)
      }
    }
  }

  #open(key: unknown, entry: WindowEntry): void {
    const closes = closesAt(this.#grid, entry.at)
    if (closes === Infinity) {
      this.entries.insert(entry)
      return
    }
    this.add(key, entry)
    if (this.finals) this.due.put(closes, this.idOf(key, dueTo.close), null)
  }

  #show(count: number, key: unknown): void {
    for (let i = 0; i < count; i++)
      this.show(
        this.#windowed(key, this.#starts[i]!),
        this.#aggregates[i],
        this.#olds[i],
        this.#maxTimes[i]!,
      )
  }

  #windowed(key: unknown, start: number): Windowed<unknown> {
    return { key, start, end: start + this.#grid.sizeMs }
  }

  /** Windows that refuse a row are the lowest of those it is in. */
  #windowsFrom(first: number, count: number): readonly LateWindow[] {
    const { sizeMs, advanceMs } = this.#grid
    return Array.from({ length: count }, (_, i) => {
      const start = first + i * advanceMs
      return { start, end: start + sizeMs }
    })
  }
}

/** The stores of a node; their specs are made once, when it is added. */
export function timeStores(
  name: string,
  key: Serde<unknown>,
  value: Serde<unknown>,
): EntryStores<WindowEntry> {
  return entryStores(name, windowForm('windows'), key, value)
}
