/**
 * WatermarkJoin: a join of two streams under the watermark. Its results do not depend on the order of rows that are on time.
 *
 * A row is open while T <= ts + after + grace. Closed rows are gone from the store, so they join nobody. A row that comes when it is closed
 * already is late; on an outer side it leaves alone at once instead. A waiting row leaves alone when T passes its bound.
 */
import { openFrom } from '../../time/join-window.ts'
import type { Row } from '../row.ts'
import type { JoinSide } from './join-side.ts'
import { StreamJoin } from './stream-join.ts'
import type { StreamJoinOptions } from './stream-join.ts'

export class WatermarkJoin extends StreamJoin {
  /** T of an advance that has reached this node and not yet the whole stage. */
  #advanced = -Infinity
  // Only where rows wait is anything ever owed.
  readonly advance?: (watermark: number) => void
  readonly drain?: (budget: number) => boolean

  constructor(options: StreamJoinOptions) {
    super(options)
    if (!this.outer) return
    this.advance = (watermark) => {
      this.#advanced = watermark
    }
    this.drain = (budget) => {
      this.budget = budget
      return this.release(Math.max(this.#advanced, this.node.time)) === 'more'
    }
  }

  take(side: JoinSide, key: unknown, value: unknown, { time }: Row): void {
    const { node } = this
    const { counters } = node
    const { other, waiting, window } = side
    counters.taken++
    const watermark = node.observe(time)
    if (key === null || value === null) {
      if (value !== null && waiting !== undefined) this.#leaveAlone(side, key, value)
      else node.drop(key === null ? 'null-key' : 'null-value')
      return
    }
    const open = openFrom(window, watermark)
    const otherOpen = openFrom(other.window, watermark)
    if (time < open) {
      if (waiting !== undefined) this.#leaveAlone(side, key, value)
      else node.late(key, value, side.isLeft ? 'late-left' : 'late-right')
      return
    }
    const from = Math.max(0, time - window.beforeMs, otherOpen)
    if (!this.joinAll(side, key, value, from, time + window.afterMs)) return
    if (!this.#keep(side, key, value, time, open)) return
    this.releasePartners(side, key)
    if (this.results.length > 0) this.forwardAll(key)
    else counters.absorbed++
    side.rows.purge(open)
    other.rows.purge(otherOpen)
  }

  #leaveAlone(side: JoinSide, key: unknown, value: unknown): void {
    if (this.joinAlone(side, key, value)) this.forwardAll(key)
  }

  /** For those that come later. False: a serde threw, nothing is kept, and the row has its disposition. */
  #keep(side: JoinSide, key: unknown, value: unknown, time: number, open: number): boolean {
    try {
      const bytes = side.encode(value)
      const number = side.rows.add(key, time, bytes, open)
      if (this.results.length === 0) side.waiting?.add(this.key.encode(key), time, number, bytes)
    } catch (error) {
      this.node.fail(error)
      return false
    }
    return true
  }
}
