/**
 * Decider and Outlet: what makes a commit of a task count (law 3: one decision per commit).
 *
 * `by-log`: the create-once PUT of the commit record is decision and fence in one. `decide` says 'decided' because the
 * record is there. A cluster (Kafka): the record is PUT first as *prepared*, then the transaction decides; whatever
 * the transaction's metadata names is the head, and `decide` is EndTxn.
 *
 * Order of calls: `open` once, then per commit `begin`, the outlet's `freeze` (with the freeze of the task), `prepare`
 * (the record's PUT beside it), `decide` (after PUT and prepare both answered), or `abort`. Commits are pipelined: a second
 * freeze may come before the first is decided, its `begin` not. `prepare` rejects where the log refuses for a reason that
 * stays (authorisation, an unknown topic): `abort` then. Whatever else goes wrong there is told by `decide`.
 *
 * 'fenced': someone else owns the task: drop everything. It says nothing about this commit, which the other may have found
 * decided. 'unknown': nobody can tell from here: drop the task object and open anew, the new head tells. Nothing is ever
 * retried behind an 'unknown'. Behind both, and behind an `abort`, a decider refuses everything but `open` and `close`.
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
  /** From here on rows of the next commit may leave the outlet; until then they wait in it. */
  begin(): Promise<void>
  /** Everything appended before the oldest `freeze` without a `prepare` belongs to this commit, and nothing else. */
  prepare(
    commit: CommitIdentity & { readonly positions: ReadonlyMap<string, Position> },
  ): Promise<void>
  decide(): Promise<Decision>
  /** Nothing of the commit that was begun becomes visible. */
  abort(): Promise<void>
  /** Where transactional sinks and repartition outputs of the task write to; none when the log decides. */
  readonly outlet: Outlet | undefined
  /** Aborts what is begun and not decided. */
  close(): Promise<void>
}

export interface Outlet {
  /**
   * Takes the row in any case. False means full: the task takes no further input row until `drained` resolves.
   * Rows appended behind a freeze belong to the next commit. Behind a lost decision rows are taken and dropped.
   */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers?: ReadonlyMap<string, Uint8Array>,
  ): boolean
  /** Synchronous, in the turn in which the task freezes: what was appended so far is one commit. */
  freeze(): void
  /** Resolves when `append` would return true, and when the signal aborts. One caller waits at a time. */
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
