/**
 * SourcePort: how a task reads its splits. The conformance suite (`@millrace/core/testing`) is the specification.
 *
 * For the caller (the worker's loop):
 * - `open` each split before anything else; it resolves with the position it begins at, when the first `poll` may follow. A position that the log no
 *   longer has fails with MILLRACE_POSITION_GONE and names both ends: a source never jumps.
 * - `poll` is synchronous: it takes what has been fetched already. Call it when you can take rows.
 * - `ready(signal)` resolves as soon as `poll` would give something new, a row, a moved position or a changed
 *   `caughtUp`, and at once if it would already. At most one call is outstanding. It resolves, too, when the signal
 *   aborts. It rejects with the error that stopped the source for good.
 * - `pause` keeps rows of a split where they are: fetching stops once the port's bound is reached.
 *
 * For the implementer:
 * - Batches of a split come in order and without gaps; `next` never goes back. A batch of 0 rows may move `next`
 *   (filtered, aborted, control rows): such a move is committed like any other.
 * - What has been fetched but not polled is bounded by count and bytes (law 7).
 * - `caughtUp(split)` is true iff the position after everything *polled* is at or behind the end of the split in the
 *   newest answer from the log. No answer yet: false. An ended split stays caught up.
 * - `end` of a batch says that the split has ended: no row will follow, ever.
 */
import type { Position, Split, From } from './position.ts'

/** Rows of one split, in the log's own form; valid for as long as somebody holds the batch. `W` is bytes for real logs, values for in-process ones. */
export interface Batch<W = unknown> {
  readonly split: string
  readonly length: number
  /** Resume point behind the whole batch. */
  readonly next: Position
  /** Set on the last batch of a split that has ended. */
  readonly end?: boolean
  key(row: number): W | null
  value(row: number): W | null
  timestamp(row: number): number
  headers(row: number): ReadonlyMap<string, Uint8Array> | undefined
  /** Resume point behind this row. */
  position(row: number): Position
}

export interface SourcePort {
  open(split: Split, from: From): Promise<Position>
  /** The next batch of an unpaused split, at most `rowsMax` rows, or undefined when nothing is there. */
  poll(rowsMax: number): Batch | undefined
  ready(signal: AbortSignal): Promise<void>
  pause(split: string, paused: boolean): void
  caughtUp(split: string): boolean
  /** Rows behind the end, as far as the log can tell. */
  lag(split: string): number | undefined
  /** Tells the log, for its own tools, how far a task has decided. Never the truth, never awaited by a commit. */
  hint(positions: ReadonlyMap<string, Position>): void
  close(split: string): Promise<void>
}
