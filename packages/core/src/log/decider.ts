/**
 * Decider and Outlet: what makes a commit of a task count (law 3: one decision per commit).
 *
 * `by-log`: the create-once PUT of the commit record is decision and fence in one. `decide` says 'decided' because the
 * record is there. A cluster (Kafka): the record is PUT first as *prepared*, then the transaction decides; whatever
 * the transaction's metadata names is the head, and `decide` is EndTxn.
 *
 * Order of calls: `open` once, then per commit `begin` (before the first row of the interval is appended to the
 * outlet), `prepare` (after the freeze, the record's PUT beside it), `decide` (after PUT and prepare both answered),
 * or `abort`. 'fenced': someone else owns the task: drop everything. 'unknown': nobody can tell from here: drop the
 * task object and open anew, the new head tells. Nothing is ever retried behind an 'unknown'.
 */
import type { Position } from './position.ts'

/** Data of a sink spec: what decides commits of the tasks that write to it. Part of the fingerprint. */
export type Decides = 'log' | { readonly cluster: string }

export type Decision = 'decided' | 'fenced' | 'unknown'

export interface CommitIdentity {
  readonly seq: number
  readonly id: string
}

export interface Decider {
  /** The head this decider knows of, 'by-log' if the log's tail is the head, 'missing' if its metadata is gone. */
  open(): Promise<{ readonly head: CommitIdentity } | 'by-log' | 'missing'>
  begin(): Promise<void>
  prepare(
    commit: CommitIdentity & { readonly positions: ReadonlyMap<string, Position> },
  ): Promise<void>
  decide(): Promise<Decision>
  abort(): Promise<void>
  /** Where transactional sinks and repartition outputs of the task write to; none when the log decides. */
  readonly outlet: Outlet | undefined
  close(): Promise<void>
}

export interface Outlet {
  /**
   * Takes the row in any case. False means full: the task takes no further input row until `drained` resolves.
   * Rows appended between a freeze and its decision belong to the next commit.
   */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
  ): boolean
  /** Resolves when `append` would return true. */
  drained(signal: AbortSignal): Promise<void>
}

/** The decider of tasks without a transactional sink: the PUT of the record has decided already. */
export const byLog: Decider = Object.freeze({
  open: () => Promise.resolve('by-log' as const),
  begin: () => Promise.resolve(),
  prepare: () => Promise.resolve(),
  decide: () => Promise.resolve('decided' as const),
  abort: () => Promise.resolve(),
  outlet: undefined,
  close: () => Promise.resolve(),
})
