/**
 * `@millrace/core/fs`: checkpoints in a directory of a local disk. Nothing is touched, and no file
 * system module is loaded, before the spec is opened.
 */
import { MillraceError } from '../../errors.ts'
import { frozenOptions } from '../options.ts'
import type { CheckpointOptions, CheckpointSpec } from '../spec.ts'

/**
 * Checkpoints under `dir`, which is created if need be. A relative path counts from the working
 * directory.
 */
export function fs(dir: string, options: CheckpointOptions = {}): CheckpointSpec {
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `fs: ${JSON.stringify(dir)} is not a directory: give the path to keep checkpoints in, for example fs('state/checkpoints')`,
    )
  }
  return Object.freeze({
    kind: 'millrace.checkpoint',
    type: 'fs',
    options: frozenOptions(options),
    async open(ctx) {
      const { openDirectoryStore } = await import('./directory-store.ts')
      return openDirectoryStore(dir, ctx.env)
    },
  } satisfies CheckpointSpec)
}

export type { CheckpointOptions, CheckpointSpec }
