/**
 * CheckpointSpec: the frozen data that a user holds (`fs('dir')`, `memory()`, later `s3('s3://...')`), and how often
 * tasks commit to it. Nothing is opened before `open`.
 */
import type { Duration } from '../time/duration.ts'
import type { OpenContext } from '../log/log.ts'
import type { ObjectStore } from './object-store.ts'

export interface CheckpointOptions {
  /** Target interval between two commits of a task. Default '1s'. */
  readonly every?: Duration
}

export interface CheckpointSpec {
  readonly kind: 'millrace.checkpoint'
  readonly type: string
  readonly options: CheckpointOptions
  open(ctx: OpenContext): Promise<ObjectStore>
}
