/**
 * What every checkpoint spec does with its options: refuse the impossible where the user wrote it,
 * and freeze a copy.
 */
import { MillraceError } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import type { CheckpointOptions } from './spec.ts'

export function frozenOptions(options: CheckpointOptions): CheckpointOptions {
  const { every, bytesMax } = options
  if (every !== undefined) durationMs(every, 'checkpoint: every')
  if (bytesMax !== undefined && !(Number.isSafeInteger(bytesMax) && bytesMax > 0)) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `checkpoint: bytesMax is ${bytesMax}: give a whole number of bytes above 0`,
    )
  }
  return Object.freeze({ ...options })
}
