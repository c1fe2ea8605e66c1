/**
 * Stage: the nodes of a task that run synchronously, with their one row context and their T.
 *
 * T passes node by node, behind the rows that caused it: what a node emits at the new T reaches its children before that T
 * does, and rows of an advance still see the old one, which is replaced when the last node has done (semantics of time in
 * docs/internals). A node that owes more rows than a slice holds is drained to its end before T goes on to the next, and a
 * node further down before one above it: the budget shows in no result.
 *
 * Schedules by the wall clock, and under stream time those by event time, stand in one queue for all nodes, as in Kafka Streams. The
 * former fire behind what nodes do on a tick, the latter behind the last node that T passes.
 */
import type { Node } from '../processors/node.ts'
import type { Processor } from '../processors/processor.ts'
import { Punctuation } from '../processors/punctuation.ts'
import { Row } from '../processors/row.ts'
import type { StageQueue } from './stage-queue.ts'

export interface StageNode {
  readonly node: Node
  readonly processor: Processor
}

export class Stage {
  readonly row: Row = new Row()
  /** Empty under the watermark clock: T passes node by node there, and so do its schedules. */
  readonly byEvent: Punctuation = new Punctuation()
  readonly byWall: Punctuation = new Punctuation()
  /** In front of this stage; the first one is fed by splits. */
  readonly queue: StageQueue | undefined
  readonly #starved: () => boolean
  /** No row enters before the rest of what the last one owes has left. */
  owes = false
  #nodes: readonly StageNode[] = []
  /** Those that may make rows without being given one. */
  #makers: readonly StageNode[] = []
  #flushing: readonly StageNode[] = []
  #advancing: readonly StageNode[] = []
  #ticking: readonly StageNode[] = []
  #draining: readonly StageNode[] = []
  /** Where an advance of T has got to; -1 when none is under way. */
  #cursor = -1
  #target = -Infinity
  /** Wall clock of the last tick. */
  #now = -Infinity

  /** `starved`: a due store is waiting for its disk, and what a node took for the end of what it owes is none. */
  constructor(queue: StageQueue | undefined, starved: () => boolean) {
    this.queue = queue
    this.#starved = starved
  }

  get nodes(): readonly StageNode[] {
    return this.#nodes
  }

  /** T as the rows see it. */
  get watermark(): number {
    return this.row.watermark
  }

  /** Some node acts on T or may leave something to drain. */
  get timed(): boolean {
    return (
      this.#advancing.length > 0 ||
      this.#draining.length > 0 ||
      !this.byEvent.empty ||
      !this.byWall.empty
    )
  }

  /** In topological order. */
  setNodes(nodes: readonly StageNode[]): void {
    this.#nodes = nodes
    this.#advancing = nodes.filter(({ processor }) => processor.advance !== undefined)
    this.#ticking = nodes.filter(({ processor }) => processor.tick !== undefined)
    this.#draining = nodes.filter(({ processor }) => processor.drain !== undefined)
    this.#flushing = nodes.filter(({ processor }) => processor.flush !== undefined)
    this.#makers = [...new Set([...this.#advancing, ...this.#ticking, ...this.#draining])]
  }

  /** Rows that time has made in this stage so far. */
  get made(): number {
    let made = 0
    const makers = this.#makers
    for (let i = 0; i < makers.length; i++) made += makers[i]!.node.counters.made
    return made
  }

  saveTimes(times: Map<string, number>): void {
    for (const schedules of this.#allByEvent) schedules.saveTimes(times)
  }

  restoreTimes(watermark: number, times: ReadonlyMap<string, number>): void {
    this.row.watermark = watermark
    for (const schedules of this.#allByEvent) schedules.restoreTimes(watermark, times)
  }

  get #allByEvent(): ReadonlySet<Punctuation> {
    return new Set(this.#nodes.map(({ node }) => node.byEvent))
  }

  /** Starts to move T. False when the budget ended before T had passed: call `resume` then. */
  advance(watermark: number, budget: number): boolean {
    if (watermark <= this.row.watermark) return true
    if (!this.timed) {
      this.row.watermark = watermark
      return true
    }
    this.#target = watermark
    this.#cursor = 0
    return this.resume(budget)
  }

  get advancing(): boolean {
    return this.#cursor >= 0
  }

  /** Goes on with what is owed: the drains of the row in progress, then a tick, then an advance. False: more is owed. */
  resume(budget: number): boolean {
    this.owes = !this.#resume(budget)
    return !this.owes
  }

  #resume(budget: number): boolean {
    let left = this.#drain(0, budget)
    if (left < 0) return false
    left = this.#fire(this.byWall, this.#now, left)
    if (left < 0) return false
    while (this.#cursor >= 0) {
      const next = this.#advancing[this.#cursor]
      if (next === undefined) {
        if (this.#fire(this.byEvent, this.#target, left) < 0) return false
        this.row.watermark = this.#target
        this.#cursor = -1
        break
      }
      this.#cursor++
      next.processor.advance!(this.#target)
      left = this.#drain(0, left)
      if (left < 0) return false
    }
    return true
  }

  /** Each schedule that is due, with all it makes before the next. Returns as `#drain`. */
  #fire(schedules: Punctuation, now: number, budget: number): number {
    let left = budget
    for (let made = schedules.fire(now); made !== undefined; made = schedules.fire(now)) {
      left -= 1 + made
      if (left <= 0) return -1
      left = this.#drain(0, left)
      if (left < 0) return -1
    }
    return left
  }

  /** Drains what nodes owe. False: more is owed. */
  drain(budget: number): boolean {
    this.owes = this.#drain(0, budget) < 0
    return !this.owes
  }

  /** The deepest first. Returns the budget left, or -1 while something is owed. */
  #drain(from: number, budget: number): number {
    const draining = this.#draining
    if (draining.length === 0) return budget
    let left = budget
    for (let i = draining.length - 1; i >= from; i--) {
      const { node, processor } = draining[i]!
      for (let more = true; more;) {
        const { made } = node.counters
        more = processor.drain!(Math.min(left, node.sliceRows))
        if (more) left -= node.sliceRows
        // What it has just emitted, in its last slice too, may be owed further down now.
        if (more || node.counters.made !== made) {
          const below = this.#drain(i + 1, left)
          if (below < 0) return -1
          left = below
        }
        if (more && left <= 0) return -1
      }
      if (this.#starved()) return -1
    }
    return left
  }

  /** What was held back for the commit goes on, from the top down. */
  flush(): void {
    for (const { processor } of this.#flushing) processor.flush!()
  }

  /** The wall clock has come to this. False: more is owed. */
  tick(now: number, budget: number): boolean {
    for (const { processor } of this.#ticking) processor.tick!(now)
    this.#now = now
    return this.resume(budget)
  }

  get nextTick(): number {
    let next = this.byWall.nextDue
    for (const { processor } of this.#ticking)
      next = Math.min(next, processor.nextTick?.() ?? Infinity)
    return next
  }
}
