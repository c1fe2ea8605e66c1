/**
 * StreamTimeJoin: a join of two streams as Kafka Streams does it, row by row. T is the highest time of the rows of both sides, those
 * included that are dropped.
 *
 * Each side's store forgets by its own clock, the highest time offered to it: a row at or before that less the retention is not kept
 * (`expired-window`), and none is found. A row that finds nobody leaves alone at once if ts + after < T, else it waits, and leaves in a
 * walk (expired-walk.ts) that a row at T itself may set off before it joins. A walk of more than a slice is finished by drains; the row
 * that set it off and those behind it stand in a line meanwhile, so that the slices show in no result (law 13).
 */
import { openFrom, retentionOf } from '../../time/join-window.ts'
import type { DueStore, KeyValueStore, StoreSpec } from '../../state/store.ts'
import type { Node } from '../node.ts'
import type { Row } from '../row.ts'
import { RowLine } from '../row-line.ts'
import { endOfWalk } from './expired-walk.ts'
import type { JoinSide } from './join-side.ts'
import { StreamJoin } from './stream-join.ts'
import type { StreamJoinOptions } from './stream-join.ts'

/** What survives a restart beside the rows. T itself is the node's. */
export interface JoinTimes {
  /** Highest time offered to the store of each side. */
  left: number
  right: number
  /** No walk while this lies in the window of the row that would trigger it. */
  minTime: number
  /** T of the last walk: waiting rows that were closed then are owed. */
  walked: number
  /** Waiting rows that their store refused: numbered by themselves, behind all others of their key. */
  refused: number
}

export interface StreamTimeStores {
  readonly times: StoreSpec<KeyValueStore<string, JoinTimes>>
  /** Rows behind an unfinished walk; where rows wait. */
  readonly line: StoreSpec<DueStore<Uint8Array>> | undefined
}

const timesKey = 'times'
const sides = { left: 0, right: 1 } as const
/** Above every number of a stored row. */
const refusedFrom = 2 ** 47

export class StreamTimeJoin extends StreamJoin {
  readonly #retentionMs: number
  readonly #stores: StreamTimeStores
  #times!: KeyValueStore<string, JoinTimes>
  #line: RowLine | undefined = undefined
  /** A walk is not at its end: rows line up behind it. */
  #owing = false
  /** Whether one was not at its end at the last commit is known. */
  #settled = false
  readonly drain?: (budget: number) => boolean

  constructor(options: StreamJoinOptions, stores: StreamTimeStores) {
    super(options)
    this.#retentionMs = retentionOf(options.left.window)
    this.#stores = stores
    if (this.outer) this.drain = (budget) => this.#pay(budget)
  }

  override open(node: Node): void {
    super.open(node)
    const { times, line } = this.#stores
    this.#times = node.store(times)
    if (line !== undefined) this.#line = new RowLine(node.store(line), this.key)
  }

  take(side: JoinSide, key: unknown, value: unknown, { time }: Row): void {
    if (this.#owing) {
      this.#lineUp(side, key, value, time, false)
      return
    }
    this.budget = this.node.sliceRows
    if (!this.#turn(side, key, value, time, false)) {
      this.#owing = true
      this.#lineUp(side, key, value, time, true)
    }
  }

  /** A row and all it does. False: it has set off a walk that is not at its end; its turn goes on behind that, as `walked`. */
  #turn(side: JoinSide, key: unknown, value: unknown, time: number, walked: boolean): boolean {
    const { node } = this
    const { counters } = node
    const { waiting } = side
    const streamTime = node.observe(time)
    const times = this.#times.get(timesKey) ?? { ...atFirst }
    if (key === null) {
      counters.taken++
      if (value === null || waiting === undefined) node.drop('null-key')
      else if (this.joinAlone(side, key, value)) this.forwardAll(key)
    } else if (value === null) {
      counters.taken++
      if (!this.#isKept(side, time, times)) counters.note('expired-window')
      this.#offered(side, time, times)
      node.drop('null-value')
    } else {
      if (!walked && this.outer && time === streamTime && !this.#walk(side, streamTime, times))
        return false
      counters.taken++
      this.#join(side, key, value, time, streamTime, times)
    }
    return true
  }

  #join(
    side: JoinSide,
    key: unknown,
    value: unknown,
    time: number,
    streamTime: number,
    times: JoinTimes,
  ): void {
    const { node } = this
    const { counters } = node
    const { other, waiting, window } = side
    const from = Math.max(0, time - window.beforeMs, this.#readableFrom(times[other.name]))
    if (!this.joinAll(side, key, value, from, time + window.afterMs)) return
    let waits = this.results.length === 0 && waiting !== undefined
    if (waits && time + window.afterMs < streamTime) {
      if (!this.joinAlone(side, key, value)) return
      waits = false
    }
    const kept = this.#isKept(side, time, times)
    if (!this.#keep(side, key, value, time, times, kept, waits)) return
    this.releasePartners(side, key)
    if (!kept && (waits || this.results.length > 0)) counters.note('expired-window')
    if (this.results.length > 0) this.forwardAll(key)
    else if (kept || waits) counters.absorbed++
    else node.drop('expired-window')
    side.rows.purge(this.#readableFrom(times[side.name]))
    other.rows.purge(this.#readableFrom(times[other.name]))
  }

  /** Emits the closed rows that wait, unless the end of the last walk forbids it: one slice. True if that was all. */
  #walk({ window }: JoinSide, streamTime: number, times: JoinTimes): boolean {
    if (times.minTime + window.afterMs + window.graceMs >= streamTime) return true
    const { left, right } = this
    times.minTime = endOfWalk(
      left.waiting?.times,
      right.waiting?.times,
      openFrom(left.window, streamTime),
      openFrom(right.window, streamTime),
    )
    times.walked = streamTime
    this.#times.put(timesKey, times)
    return this.release(streamTime) === 'none'
  }

  /** What a walk left, then the rows in line behind it. True while more is owed. */
  #pay(budget: number): boolean {
    if (this.#settled && !this.#owing) return false
    this.budget = budget
    const line = this.#line!
    for (;;) {
      const walk = this.release(this.#times.get(timesKey)?.walked ?? -Infinity)
      if (walk !== 'none') return walk === 'more'
      const known = line.next()
      if (known === 'unknown') return false
      if (known === 'none') break
      if (this.budget <= 0) return true
      this.#turnOfLine(line)
    }
    this.#owing = false
    this.#settled = true
    return false
  }

  #turnOfLine(line: RowLine): void {
    const { results } = this
    const { row } = this.node
    const { time: timeBefore } = row
    const side = line.side === sides.left ? this.left : this.right
    const value = line.value === undefined ? null : side.decode(line.value)
    row.time = line.time
    results.length = 0
    if (this.#turn(side, line.key, value, line.time, line.begun)) {
      line.shift()
      this.budget -= Math.max(1, results.length)
    } else line.begin()
    row.time = timeBefore
  }

  #lineUp(side: JoinSide, key: unknown, value: unknown, time: number, walked: boolean): void {
    const { node } = this
    try {
      const bytes = value === null ? undefined : side.encode(value)
      this.#line!.push(side.isLeft ? sides.left : sides.right, key, bytes, time, walked)
    } catch (error) {
      node.counters.taken++
      node.fail(error)
    }
  }

  /** Rows from that time on are found in a store whose clock has come so far. */
  #readableFrom(storeTime: number): number {
    return storeTime - this.#retentionMs + 1
  }

  #isKept({ name }: JoinSide, time: number, times: JoinTimes): boolean {
    return time >= this.#readableFrom(Math.max(time, times[name]))
  }

  /** The store's clock moves with each row offered, kept or not. */
  #offered({ name }: JoinSide, time: number, times: JoinTimes): void {
    if (time <= times[name]) return
    times[name] = time
    this.#times.put(timesKey, times)
  }

  /** For those that come later. False: a serde threw, nothing is kept, and the row has its disposition. */
  #keep(
    side: JoinSide,
    key: unknown,
    value: unknown,
    time: number,
    times: JoinTimes,
    kept: boolean,
    waits: boolean,
  ): boolean {
    try {
      const bytes = side.encode(value)
      const keyBytes = waits ? this.key.encode(key) : undefined
      const number = kept
        ? side.rows.add(key, time, bytes, this.#readableFrom(times[side.name]))
        : refusedFrom + times.refused
      if (keyBytes !== undefined) side.waiting!.add(keyBytes, time, number, bytes)
    } catch (error) {
      this.node.fail(error)
      return false
    }
    this.#offered(side, time, times)
    if (waits && (time < times.minTime || !kept)) {
      times.minTime = Math.min(times.minTime, time)
      if (!kept) times.refused++
      this.#times.put(timesKey, times)
    }
    return true
  }
}

const atFirst: JoinTimes = Object.freeze({
  left: -Infinity,
  right: -Infinity,
  minTime: Infinity,
  walked: -Infinity,
  refused: 0,
})
