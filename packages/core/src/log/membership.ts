/**
 * Membership: which tasks this worker runs. One per worker and log system. Kafka's group protocol and Kinesis leases
 * spread tasks over workers; the embedded log gives them all to the one process.
 *
 * - `plan` is the topology's pure function from splits to tasks: whoever leads calls it on the same facts and gets
 *   the same answer.
 * - `onAssigned` and `onRevoke` are awaited before the membership takes its next step: a revoked task has committed
 *   and released when `onRevoke` resolves, or the deadline has passed and the tasks count as lost.
 * - `onSplitEnd` is awaited: it resolves when *every* task on the split has decided and published its final record, and
 *   only then may children start. The log system learns of the end from its own port, when `poll` gives the batch with
 *   `end`. Logs with fixed partitions never call it, nor does a source that is merely bounded.
 * - `onLost` is synchronous: others may own these tasks already. Drop what is undecided, await nothing (law 6).
 * - Handlers for one task come one after the other, save `onLost`, which may come at any time. `onSplitEnd` may take as
 *   long as a call's timeout: other tasks are assigned and revoked meanwhile.
 */
import type { Position, Split, Start } from './position.ts'

export interface TaskAssignment {
  /** Stable name of the sub-topology. */
  readonly subTopology: string
  /** Stable within the sub-topology: the partition, or the shard. */
  readonly task: string
  readonly splits: readonly Split[]
}

export type TaskPlan = (splits: readonly Split[]) => readonly TaskAssignment[]

/** Names the assignment in force: member and generation, or lease epoch. Opaque. */
export type AssignmentToken = string

export interface MembershipHandlers {
  onAssigned(tasks: readonly TaskAssignment[], token: AssignmentToken): Promise<void>
  onRevoke(tasks: readonly TaskAssignment[], deadlineMs: number): Promise<void>
  onSplitEnd(split: string, children: readonly Split[]): Promise<void>
  onLost(tasks: readonly TaskAssignment[]): void
  /** The membership cannot go on, for example because its log is gone. */
  onFailed(error: unknown): void
}

export interface Membership {
  /** Resolves when the first assignment has been handed over. */
  join(topics: readonly string[], plan: TaskPlan, handlers: MembershipHandlers): Promise<void>
  /** Revokes what is left and leaves. */
  leave(): Promise<void>
}

export interface LogAdmin {
  /** Creates the topic unless it is there; another number of partitions than asked for is an error that says so. */
  ensure(topic: string, partitions: number): Promise<void>
  /** The splits of a topic now; MILLRACE_UNKNOWN_TOPIC if there is none. */
  splits(topic: string): Promise<readonly Split[]>
  /** The position behind the newest row of each split. */
  ends(topic: string): Promise<ReadonlyMap<string, Position>>
  /** The log may forget everything before the position. Only internal topics are purged. */
  purge(split: string, before: Position): Promise<void>
}

export type { Start }
