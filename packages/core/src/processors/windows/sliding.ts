/**
 * SlidingAggregate: every interval of a length in which the set of rows differs (bounds: time/windows.ts, time/sliding.ts), by the
 * steps of Kafka Streams, because its results and their order are those of these steps.
 *
 * A row is added to the windows around it, newest first, down to the one that ends right with it: its own left window. From the
 * neighbour further left it learns the time `p` of the row before it. Then windows are made, as far as they are missing: the one
 * right of `p` (this row only), its own left window (from the neighbour), and its own right window (the rows behind this one, taken
 * from the newest window around it). Rows with `time < diff` have no left window of their own: no window starts below 0, and they
 * share [0, diff].
 *
 * All of it is planned first, so that the user's functions have run before anything is changed.
 */
import type { Serde } from '../../serde/serde.ts'
import {
  lowestSeen,
  slidingBound,
  slidingClosesAt,
  slidingForgottenAt,
  startOfClosing,
} from '../../time/sliding.ts'
import type { SlidingWindow, Windowed } from '../../time/windows.ts'
import type { LateWindow } from '../node.ts'
import type { TableEntry } from '../processor.ts'
import { copyOf } from '../copy.ts'
import { entryStores, windowForm } from './entry-stores.ts'
import type { EntryStores, WindowEntry } from './entry-stores.ts'
import { KeyedWindows, dueTo } from './keyed-windows.ts'
import type { Add } from './options.ts'

export class SlidingAggregate extends KeyedWindows<SlidingWindow, WindowEntry> {
  /** The row in progress: itself, where closed windows end, and what it is to change. */
  #key: unknown
  #value: unknown
  #time = 0
  #add!: Add
  #bound = 0
  readonly #starts: number[] = []
  readonly #aggregates: unknown[] = []
  readonly #olds: unknown[] = []
  readonly #maxTimes: number[] = []
  /** Windows that take it; starts of those that are closed. */
  #taking = 0
  readonly #refusing: number[] = []

  take(key: unknown, value: unknown, time: number, side: number): void {
    const { node, entries } = this
    const { window } = this.options
    const { diffMs } = window
    if (value === null || value === undefined) {
      node.drop('null-value')
      return
    }
    this.#begin(key, value, time, side, slidingBound(window, this.observe(time, side)))
    if (time + diffMs < this.#bound) {
      this.#refusing.push(Math.max(0, time - diffMs))
      this.#refuse()
      return
    }
    entries.select(key)
    try {
      if (time < diffMs) this.#planEarly()
      else this.#plan()
    } catch (error) {
      node.fail(error)
      return
    }
    if (this.#taking === 0) this.#refuse()
    else {
      for (let i = 0; i < this.#refusing.length; i++) node.counters.note('expired-window')
      if (this.updates) node.counters.forwarded++
      else node.counters.absorbed++
    }
    this.#carryOut()
  }

  closeAt(key: unknown, at: number): void {
    const window = this.entries.find(startOfClosing(this.options.window, at))
    if (window === undefined) return
    this.showFinal(this.#windowed(key, window.at), window.aggregate, window.maxTime)
  }

  forgottenAt({ at }: WindowEntry): number {
    const { window, retentionMs } = this.options
    return slidingForgottenAt(window, at, retentionMs)
  }

  placeOf({ start }: Windowed<unknown>): number {
    return start
  }

  seen({ aggregate, maxTime }: WindowEntry): TableEntry {
    return { value: aggregate, time: maxTime }
  }

  #begin(key: unknown, value: unknown, time: number, side: number, bound: number): void {
    this.#key = key
    this.#value = value
    this.#time = time
    this.#add = this.options.adds[side]!
    this.#bound = bound
    this.#taking = 0
    this.#refusing.length = 0
    this.#starts.length = 0
    this.#aggregates.length = 0
    this.#olds.length = 0
    this.#maxTimes.length = 0
  }

  #plan(): void {
    const { entries } = this
    const { init, window: spec } = this.options
    const { diffMs } = spec
    const time = this.#time
    const lowest = lowestSeen(spec, time)
    let window = entries.floor(time + 1)
    const hasRight = window?.at === time + 1
    if (hasRight) window = entries.previous()
    let hasLeft = false
    let newest: WindowEntry | undefined
    let behind: unknown
    let behindTime = -1
    let neighbour: WindowEntry | undefined
    let before = -1
    for (; window !== undefined && window.at >= lowest; window = entries.previous()) {
      const { maxTime } = window
      if (window.at + diffMs < time) {
        neighbour = window
        before = maxTime
        break
      }
      if (window.at + diffMs === time) {
        hasLeft = true
        before = maxTime
      } else if (newest === undefined) {
        newest = window
        behindTime = maxTime
        if (!hasRight && maxTime > time) behind = this.#copy(window.aggregate)
      }
      this.#addTo(window)
      if (hasLeft && maxTime >= time) return
    }
    if (before >= 0 && before + 1 + diffMs >= time && entries.find(before + 1) === undefined)
      this.#addToNew(before + 1, init())
    if (!hasLeft) {
      const joins = neighbour !== undefined && before >= time - diffMs
      this.#addToNew(time - diffMs, joins ? this.#copy(neighbour!.aggregate) : init())
    }
    if (!hasRight && behindTime > time) this.#make(time + 1, behind, behindTime)
  }

  /** In ascending order here; the window that all share comes last. */
  #planEarly(): void {
    const { entries } = this
    const { init } = this.options
    const time = this.#time
    const shared = entries.find(0)
    const hasRight = entries.find(time + 1) !== undefined
    let newest = entries.floor(time)
    if (newest === undefined || newest.at === 0) newest = shared
    const makesRight = !hasRight && newest !== undefined && newest.maxTime > time
    const behind = makesRight ? this.#copy(newest!.aggregate) : undefined
    const behindTime = makesRight ? newest!.maxTime : -1
    let window = entries.ceiling(1)
    for (; window !== undefined && window.at <= time; window = entries.next()) this.#addTo(window)
    if (makesRight) this.#make(time + 1, behind, behindTime)
    if (shared !== undefined && shared.maxTime < time) {
      const right = shared.maxTime + 1
      if (entries.find(right) === undefined) this.#addToNew(right, init())
    }
    if (shared === undefined) this.#addToNew(0, init())
    else this.#addTo(shared)
  }

  #addTo({ at, aggregate, maxTime }: WindowEntry): void {
    if (this.#refuses(at)) return
    const old = this.oldOf(aggregate)
    this.#taking++
    const added = this.resultOf(this.#add(this.given(aggregate), this.#value, this.#key))
    this.#planned(at, added, old, Math.max(maxTime, this.#time))
  }

  /** The window right of the row before may be its own left one as well: Kafka Streams makes it twice, and so it is told twice. */
  #addToNew(at: number, aggregate: unknown): void {
    if (this.#refuses(at)) return
    const last = this.#starts.length - 1
    const twice = this.#starts[last] === at && !this.node.usesStreamTime
    const old = twice ? this.oldOf(this.#aggregates[last]) : this.oldOfNew(aggregate)
    this.#taking++
    const added = this.resultOf(this.#add(aggregate, this.#value, this.#key))
    this.#planned(at, added, old, this.#time)
  }

  /** Without the row. It ends behind the row, so it is open. */
  #make(at: number, aggregate: unknown, maxTime: number): void {
    this.#planned(at, aggregate, undefined, maxTime)
  }

  #planned(at: number, aggregate: unknown, old: unknown, maxTime: number): void {
    this.#starts.push(at)
    this.#aggregates.push(aggregate)
    this.#olds.push(old)
    this.#maxTimes.push(maxTime)
  }

  #refuses(at: number): boolean {
    if (at + this.options.window.diffMs >= this.#bound) return false
    this.#refusing.push(at)
    return true
  }

  #copy(aggregate: unknown): unknown {
    return copyOf(aggregate, this.options.value)
  }

  #carryOut(): void {
    const starts = this.#starts
    for (let i = 0; i < starts.length; i++) {
      const at = starts[i]!
      const aggregate = this.#aggregates[i]
      const maxTime = this.#maxTimes[i]!
      if (aggregate === null) this.entries.remove(at)
      else this.#keep({ at, aggregate, maxTime })
      if (this.updates) this.show(this.#windowed(this.#key, at), aggregate, this.#olds[i], maxTime)
    }
  }

  #keep(window: WindowEntry): void {
    if (this.entries.replace(window.at, window)) return
    this.add(this.#key, window)
    if (!this.finals) return
    const closesAt = slidingClosesAt(this.options.window, window.at)
    this.due.put(closesAt, this.idOf(this.#key, dueTo.close), null)
  }

  /** Each window that it would be in is closed. */
  #refuse(): void {
    const { node } = this
    const windows: LateWindow[] = []
    for (let i = 0; i < this.#refusing.length; i++) {
      const start = this.#refusing[i]!
      node.counters.note('expired-window')
      if (start === windows[windows.length - 1]?.start) continue
      windows.push({ start, end: start + this.options.window.diffMs })
    }
    node.late(this.#key, this.#value, 'late', windows, this.#bound + this.options.window.graceMs)
  }

  #windowed(key: unknown, start: number): Windowed<unknown> {
    return { key, start, end: start + this.options.window.diffMs }
  }
}

export function slidingStores(
  name: string,
  key: Serde<unknown>,
  value: Serde<unknown>,
): EntryStores<WindowEntry> {
  return entryStores(name, windowForm('sliding'), key, value)
}
