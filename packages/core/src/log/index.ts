/**
 * `@millrace/core/log`: the contracts of a log system, for those who implement one. An adapter answers Membership,
 * SourcePort and LogAdmin (and Decider with its Outlet where its transactions can decide a commit) and passes the
 * conformance suites of `@millrace/core/testing`.
 */
export type { CommitIdentity, Decides, Decider, Decision, Outlet } from './decider.ts'
export { byLog } from './decider.ts'
export type { Log, LogSpec, OpenContext } from './log.ts'
export type {
  AssignmentToken,
  LogAdmin,
  Membership,
  MembershipHandlers,
  TaskAssignment,
  TaskPlan,
} from './membership.ts'
export type { From, Position, Split, Start } from './position.ts'
export type { Batch, SourcePort } from './source-port.ts'
