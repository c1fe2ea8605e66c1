/**
 * What every checkpoint spec does with its options: refuse the impossible where the user wrote it,
 * and freeze a copy.
 */
import { durationMs } from '../time/duration.ts'
import type { CheckpointOptions } from './spec.ts'

export function frozenOptions(options: CheckpointOptions): CheckpointOptions {
  if (options.every !== undefined) durationMs(options.every, 'checkpoint: every')
  return Object.freeze({ ...options })
}
