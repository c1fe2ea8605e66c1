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
 * `tick` from the wall clock, `drain` while it answers true; `close` last.
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
  /** Wall clock of the task, read once a turn. */
  now(): number
}

export interface Processor<in K = unknown, in V = unknown, out K2 = unknown, out V2 = unknown> {
  open(ctx: ProcessorContext<K2, V2>): void
  process(key: K, value: V, row: RowContext<V>): void
  /** Event time has moved to `watermark`; rows forwarded here are behind all rows before it. */
  advance?(watermark: number): void
  /** Wall clock, once a turn at most. */
  tick?(now: number): void
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
export type { RowContext }
