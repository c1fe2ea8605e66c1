/**
 * StreamJoin: what joins of two streams have in common under both clocks. A row reads the rows of the other side that lie in its window,
 * in the order of their time, and leaves joined with each of them at the higher of the two times; then it is kept for those that come
 * later. A row of an outer side that finds nobody waits, and leaves alone when it has closed.
 *
 * The join function has run for all partners of a row before anything is kept or goes on: a row that fails leaves nothing behind.
 */
import { MillraceError, isMillraceError, messageOf } from '../../errors.ts'
import type { Serde } from '../../serde/serde.ts'
import { openFrom } from '../../time/join-window.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver } from '../processor.ts'
import { refusePromise } from '../refuse-promise.ts'
import type { Row } from '../row.ts'
import { JoinSide } from './join-side.ts'
import type { SideOptions } from './join-side.ts'
import { FoundRows } from './side-rows.ts'

/** The missing side is null. */
export type Joiner = (left: unknown, right: unknown, key: unknown) => unknown

export interface StreamJoinOptions {
  readonly left: SideOptions
  readonly right: SideOptions
  readonly key: Serde<unknown>
  readonly join: Joiner
}

export abstract class StreamJoin implements Processor {
  readonly left: JoinSide
  readonly right: JoinSide
  readonly sides: readonly Receiver[]
  readonly key: Serde<unknown>
  node!: Node
  readonly found: FoundRows = new FoundRows()
  /** What the join function made of the row in progress and its partners. */
  results: unknown[] = []
  readonly resultTimes: number[] = []
  readonly #join: Joiner
  /** Rows of some side wait for partners. */
  readonly outer: boolean
  #first = true
  /** Rows that may still go on in this slice. */
  budget = 0

  constructor({ left, right, key, join }: StreamJoinOptions) {
    this.left = new JoinSide(left, this)
    this.right = new JoinSide(right, this)
    this.left.other = this.right
    this.right.other = this.left
    this.sides = [this.left, this.right]
    this.key = key
    this.outer = left.stores.waiting !== undefined || right.stores.waiting !== undefined
    this.#join = join
  }

  open(node: Node): void {
    this.node = node
    this.left.open(node, this.key)
    this.right.open(node, this.key)
  }

  /** Rows come in by their side. */
  process(): void {
    throw new MillraceError('MILLRACE_INVARIANT', 'a join takes its rows by side')
  }

  abstract take(side: JoinSide, key: unknown, value: unknown, row: Row): void

  /**
   * Joins a row with its partners, whose times lie in [from, to]. False: the join function or a serde threw, and the row has its
   * disposition.
   */
  joinAll(side: JoinSide, key: unknown, value: unknown, from: number, to: number): boolean {
    const { found, node, results, resultTimes } = this
    const { time } = node.row
    found.clear()
    results.length = 0
    resultTimes.length = 0
    try {
      side.other.rows.read(key, from, to, found)
      const { times, values } = found
      for (let i = 0; i < values.length; i++) {
        results.push(this.#joined(side, key, value, side.other.decode(values[i]!)))
        resultTimes.push(Math.max(time, times[i]!))
      }
    } catch (error) {
      node.fail(error)
      return false
    }
    return true
  }

  /** Joins a row with nobody. False as above. */
  joinAlone(side: JoinSide, key: unknown, value: unknown): boolean {
    const { node, results, resultTimes } = this
    results.length = 0
    resultTimes.length = 0
    try {
      results.push(this.#joined(side, key, value, null))
    } catch (error) {
      node.fail(error)
      return false
    }
    resultTimes.push(node.row.time)
    return true
  }

  /** Partners wait no longer. */
  releasePartners(side: JoinSide, key: unknown): void {
    const { waiting } = side.other
    const { times, numbers } = this.found
    if (waiting === undefined || times.length === 0 || waiting.size === 0) return
    const bytes = this.key.encode(key)
    for (let i = 0; i < times.length; i++) waiting.remove(bytes, times[i]!, numbers[i]!)
  }

  /** What the join function made goes on. */
  forwardAll(key: unknown): void {
    const { node, results, resultTimes } = this
    node.counters.forwarded++
    for (let i = 0; i < results.length; i++) node.forward(key, results[i], resultTimes[i])
    if (results.length > 1_000) this.results = []
  }

  /**
   * Emits the waiting rows that are closed at T, in the order of (time, right before left, key bytes, arrival), while the budget lasts.
   * `more`: it did not. `unknown`: the next ones are on disk, and the task will call again.
   */
  release(watermark: number): 'none' | 'more' | 'unknown' {
    const { left, right } = this
    const leftOpen = openFrom(left.window, watermark)
    const rightOpen = openFrom(right.window, watermark)
    for (;;) {
      const leftTime = left.waiting?.lowest() ?? Infinity
      const rightTime = right.waiting?.lowest() ?? Infinity
      if (Number.isNaN(leftTime) || Number.isNaN(rightTime)) return 'unknown'
      const leftClosed = leftTime < leftOpen
      const rightClosed = rightTime < rightOpen
      if (!leftClosed && !rightClosed) return 'none'
      if (this.budget <= 0) return 'more'
      this.budget--
      this.#releaseLowest(rightClosed && (!leftClosed || rightTime <= leftTime) ? right : left)
    }
  }

  #releaseLowest(side: JoinSide): void {
    const { node } = this
    const waiting = side.waiting!
    const { time } = waiting
    let key: unknown
    let result: unknown
    try {
      key = waiting.keyOfLowest()
      result = this.#joined(side, key, side.decode(waiting.value), null)
    } catch (error) {
      throw this.#failure(error)
    }
    waiting.takeLowest()
    node.counters.made++
    node.forward(key, result, time)
  }

  #joined(side: JoinSide, key: unknown, own: unknown, other: unknown): unknown {
    const result = side.isLeft ? this.#join(own, other, key) : this.#join(other, own, key)
    if (this.#first) this.#first = refusePromise(result, this.node.name, 'mapValuesAsync')
    return result
  }

  /** Rows made by time are nobody's disposition: an error fails the task whatever the policy for rows. */
  #failure(error: unknown): MillraceError {
    if (isMillraceError(error) && error.code === 'MILLRACE_NODE_FAILED') return error
    return new MillraceError('MILLRACE_NODE_FAILED', messageOf(error), {
      at: { node: this.node.name },
      cause: error,
    })
  }
}
