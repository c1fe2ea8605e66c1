/**
 * `@millrace/core/sink`: the contract of a sink, for those who write one.
 *
 * A user holds a **Sink** (frozen spec); a task opens a **SinkPort** of its own from it. Sinks are *staged*: rows are
 * encoded into sections, ride in the commit record, and are published after the decision, idempotently, under names
 * and ids that follow from (task, seq): whoever owns the task finishes what is not marked done. (A *transactional*
 * sink, `decides: { cluster }`, writes through its decider's Outlet instead and has no sections.)
 *
 * Order of calls on a port: `open(pending)` once, first; then `write`s and `freeze`s; `publish` only for sections whose
 * record is decided, in seq order per lane, at most one call per lane at a time; `close` last.
 * - `write` is synchronous and always takes the row. False means full: the task takes no further input row until a
 *   freeze has emptied the port. Rows are encoded or copied on entry: the object belongs to the row in progress.
 * - `freeze` is synchronous and returns what was written since the last freeze. It forgets these rows.
 * - `publish` must be idempotent for equal (task, seq, lane). A retriable error is tried again with back-off; any other
 *   error fails the task. It may be called again after a crash by another owner, also for what was published before.
 * - `open(pending)` finishes nothing by itself: pending sections come again through `publish`, before any new one.
 * The conformance suite in `@millrace/core/testing` is the specification.
 */
import type { OpenContext } from './log/log.ts'
import type { Decides, Outlet } from './log/decider.ts'
import type { RowContext } from './row.ts'

/** Rows of one lane of one sink in one commit, encoded. */
export interface Section {
  /** What must be published in order: sections of different lanes are independent. */
  readonly lane: string
  readonly rows: number
  readonly bytes: Uint8Array
}

export interface CommitRef {
  readonly app: string
  readonly subTopology: string
  readonly task: string
  readonly seq: number
}

export interface SinkPort<in V = unknown> {
  open(pending: readonly Section[]): Promise<void>
  write(key: unknown, value: V, row: RowContext): boolean
  freeze(): readonly Section[]
  publish(section: Section, at: CommitRef): Promise<void>
  close(): Promise<void>
}

export type Headers = ReadonlyMap<string, Uint8Array>

/** The port of a repartition log. */
export interface MarkingPort<in V = unknown> extends SinkPort<V> {
  /** A row with these headers, and neither key nor value, to every partition. False: full, as for `write`. */
  mark(headers: Headers): boolean
}

export interface SinkContext extends OpenContext {
  readonly subTopology: string
  readonly task: string
  /** Name of the sink's node. */
  readonly node: string
  /** Where a transactional sink writes to; none in a task whose commits the log decides. */
  readonly outlet?: Outlet | undefined
}

export interface Sink<in V = unknown> {
  readonly kind: 'millrace.sink'
  /** What it writes to, for people: shown by `describe()`. Undefined: chosen per record. */
  readonly target: string | undefined
  /** The family ('ndjson', 'embedded', ...), part of the fingerprint. */
  readonly type: string
  readonly decides: Decides
  /** Its names hold for one writer a task: two nodes that write to one target of this type are refused. */
  readonly exclusive?: boolean
  open(ctx: SinkContext): Promise<SinkPort<V>>
}

export type { Decides, OpenContext, Outlet, RowContext }
