/**
 * A log system behind one door: what a source spec opens. Two sources whose specs name the same `system` share one
 * open log, one membership and one consumer group in a worker.
 */
import type { Env } from '../env.ts'
import type { Serde } from '../serde/serde.ts'
import type { Decider, Outlet } from './decider.ts'
import type { LogAdmin, Membership, TaskAssignment } from './membership.ts'
import type { Source } from './source.ts'
import type { SourcePort } from './source-port.ts'

/** What a spec gets when it is opened. Nothing is opened, built or listened to before. */
export interface OpenContext {
  readonly env: Env
  readonly app: string
  /** The app's own directory for whatever is local to this machine. */
  readonly dir: string
}

/** Frozen data: which log system, and how to open it. */
export interface LogSpec {
  /** Identity of the system: equal specs are opened once. */
  readonly system: string
  /**
   * Opens the system once, by the spec of any of its sources, for *all* sources of the app that name it: what a
   * source asks for (a number of partitions, the function of a generator) stands on the source itself. When it
   * resolves, the topics of these sources exist if the log may make them (`admin.splits` answers).
   */
  open(ctx: OpenContext, sources: readonly Source<unknown, unknown>[]): Promise<Log>
  /** A topic of the app's own in this log, for rows whose key was changed. Undefined: it takes none. */
  internal?(topic: string, options: InternalTopicOptions): InternalTopic
}

export interface InternalTopicOptions {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Undefined: the engine says how many when it starts. */
  readonly partitions: number | undefined
}

export interface InternalTopic {
  /** Rows with a null value are rows. */
  readonly source: Source<unknown, unknown>
  /** A Sink; its contract stands above this one. */
  readonly sink: unknown
}

export interface Log {
  readonly admin: LogAdmin
  membership(): Membership
  /** The port through which one task reads one topic. */
  source(topic: string): SourcePort
  /** The decider of a task whose sinks write to this log in transactions; undefined where the log has none. */
  decider?(task: TaskAssignment): Decider
  close(): Promise<void>
}

export type { Outlet }
