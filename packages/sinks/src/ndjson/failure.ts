/**
 * What a file system refuses, as an error that says what to do. All of it is retriable: the same rows are published
 * again while a person makes room, gives the right, or mounts the disk.
 */
import { MillraceError, isMillraceError } from '@millrace/core'
import type { Coordinates } from '@millrace/core'

const remedies: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: free space on it, or move the directory to a larger one'],
  ['EDQUOT', 'the disk quota is used up: free space, or raise the quota'],
  ['EACCES', 'this process may not: give its user read, write and search rights on the directory'],
  ['EPERM', 'not permitted: check the owner of the directory, and that its disk has hard links'],
  ['EROFS', 'the disk is mounted read-only: mount it for writing, or choose another directory'],
  ['ENOTDIR', 'a file stands where a folder is needed: move it away'],
  ['EEXIST', 'a file stands where a folder is needed: move it away'],
  ['EMFILE', 'too many open files: raise `ulimit -n`'],
  ['ENFILE', 'too many open files on this machine: raise its limit'],
  ['EMLINK', 'the disk cannot link files: choose a directory on a local disk'],
  ['ENOTSUP', 'the disk cannot link or sync files: choose a directory on a local disk'],
  ['EOPNOTSUPP', 'the disk cannot link or sync files: choose a directory on a local disk'],
  ['EIO', 'the disk reports an error: check the disk and the log of the kernel'],
])

/** A MillraceError passes as it is. */
export function sinkFailure(
  act: string,
  path: string,
  error: unknown,
  at: Coordinates,
): MillraceError {
  if (isMillraceError(error)) return error
  const remedy = remedies.get(errnoOf(error) ?? '') ?? 'check the directory'
  const detail = error instanceof Error ? error.message : String(error)
  return new MillraceError(
    'MILLRACE_SINK_FAILED',
    `ndjson cannot ${act} ${path}: ${remedy}. ${detail}`,
    { at, cause: error },
  )
}

export function errnoOf(error: unknown): string | undefined {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
