/**
 * The contract of a processor: what `process(...)` of a stream takes and what every operator of ours is made of.
 *
 * The engine pushes each row depth-first through the whole synchronous graph of its stage before the next one
 * (law 13): `forward` has run everything below when it returns. A processor
 * - never awaits and never starts a promise (law 8); remote work is an async node's affair;
 * - keeps nothing outside its stores that `open` cannot rebuild: the engine may throw it away and build a new one;
 * - touches its stores only after the user's function returned, so that a failed row leaves nothing behind.
 *
 * Order of calls: `open` once; then, one at a time, `process` per row, `advance` behind the row that moved event time,
 * `tick` from the wall clock, `drain` while it answers true; `close` last. Timers fire where `drain` stands,
 * and so do schedules by event time under the watermark clock; the others stand in one queue of the stage, behind what all nodes owe.
 */
import type { Row } from './row.ts'

/** Belongs to the node, not to a row. Stays valid from `open` to `close`. */
export interface ProcessorContext<in K = unknown, in V = unknown> {
  readonly name: string
  /** Passes a row on, at the time of the row in progress or at `time`. Returns when everything below has run. */
  forward(key: K, value: V, time?: number): void
  /** The row in progress ends here for a reason that is counted (law 10). */
  drop(reason: string): void
  /** A store that the node declares with `{ stores: [...] }`. Ask in `open`, and keep it. */
  store<S>(spec: StoreSpec<S>): S
  /** Operator time of the stage. */
  watermark(): number
  /**
   * Clock `streamTime`: the highest time of all rows of the task, the one in progress included, -1 before the first. Clock
   * `watermark`: the same as `watermark()`, as a row moves it when it has passed.
   */
  eventTime(): number
  /** Wall clock of the task, read once a turn. */
  now(): number
  /** Of the row in progress; undefined for what time alone calls. */
  readonly headers: ReadonlyMap<string, Uint8Array> | undefined
  /**
   * Calls `fire` every so often, with the time that it is then. By event time: at multiples of `every`, first as soon as there is
   * any T, behind the row that moved it. By wall clock: first when `every` has passed. What was missed in between is one
   * call. Rows forwarded there have that time unless they are given one. Gives back what ends it; it may end itself.
   *
   * They fire in the order in which they are due. Schedules by wall clock stand in one queue for all nodes that run together, those by
   * event time under stream time, too; under the watermark clock T comes to one node after the other.
   *
   * Make the first one in `open`. Those made in `open` go on after a restore as they were (event time) or begin anew (wall clock).
   */
  schedule(every: Duration | number, by: ScheduleKind, fire: (time: number) => void): () => void
  /**
   * Calls `onTimer` once for the key in progress: by event time when T has passed `time`, behind the rows that moved it; by
   * processing time at the first turn that is not before it. The same time twice is one timer. Needs `{ timers: true }` in the options of the node.
   */
  timer(time: number, kind?: TimerKind): void
  deleteTimer(time: number, kind?: TimerKind): void
}

export type ScheduleKind = 'eventTime' | 'wallClock'
export type TimerKind = 'event' | 'processing'

export interface Processor<in K = unknown, in V = unknown, out K2 = unknown, out V2 = unknown> {
  open(ctx: ProcessorContext<K2, V2>): void
  process(key: K, value: V, row: RowContext<V>): void
  /** Event time has moved to `watermark`; rows forwarded here are behind all rows before it. */
  advance?(watermark: number): void
  /** Wall clock, once a turn at most. */
  tick?(now: number): void
  /** Wall clock at which `tick` is next of use, so that a quiet task wakes for it. */
  nextTick?(): number | undefined
  /** A timer of this key, set by `ctx.timer`, is due. Rows forwarded here have its time unless they are given one. */
  onTimer?(key: K, time: number, kind: TimerKind): void
  /** Emits up to `budget` rows of what is owed; true while more is owed. No row passes an unfinished drain. */
  drain?(budget: number): boolean
  /** Right before a freeze: what was held back for it (the newest change of each key) goes on. */
  flush?(): void
  close?(): void
  /** Of a node with several inputs: where the rows of each enter, in the order of its inputs; `process` is not called then. */
  readonly sides?: readonly Receiver[]
  /** Of a table's node: what other nodes of the stage look up in it. */
  readonly reader?: TableReader
}

/** The newest value of a table's key and its time. Belongs to the table: not to be changed or kept over rows. */
export interface TableEntry {
  readonly value: unknown
  readonly time: number
}

/** A table as joins see it: the values at this very moment of the stage. */
export interface TableReader {
  get(key: unknown): TableEntry | undefined
  /** Versioned tables only: the value that was valid at that time. */
  at?(key: unknown, time: number): TableEntry | undefined
}

/** Where a row goes next: a node, a fork, the end of a prefix, the edge of a stage. */
export interface Receiver {
  process(key: unknown, value: unknown, row: Row): void
}

import type { RowContext } from '../row.ts'
import type { StoreSpec } from '../state/store.ts'
import type { Duration } from '../time/duration.ts'
export type { RowContext }
