/**
 * What a file system refuses, as an error that says what to do. All of it is retriable: the caller
 * tries the same bytes again while a person makes room, gives the right, or mounts the disk.
 */
import { MillraceError, isMillraceError, messageOf } from '../../errors.ts'

const advice: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: free space on it, or move the directory to a larger one'],
  ['EDQUOT', 'the disk quota is used up: free space, or raise the quota'],
  ['EACCES', 'this process may not: give its user read, write and search rights on the directory'],
  [
    'EPERM',
    'not permitted: check the owner and attributes, and that the file system has hard links',
  ],
  [
    'EROFS',
    'the file system is mounted read-only: mount it for writing, or choose another directory',
  ],
  ['ENOTDIR', 'a file stands where a folder is needed: move it away'],
  ['EEXIST', 'a file stands where a folder is needed: move it away'],
  ['EMFILE', 'too many open files: raise `ulimit -n`'],
  ['ENFILE', 'too many open files on this machine: raise its limit'],
  ['EXDEV', 'the directory spans two file systems: keep all of it on one'],
  ['EMLINK', 'the file system cannot link files: keep checkpoints on a local disk'],
  ['ENOTSUP', 'the file system cannot link or sync: keep checkpoints on a local disk'],
  ['EOPNOTSUPP', 'the file system cannot link or sync: keep checkpoints on a local disk'],
  ['ELOOP', 'a symbolic link stands in its place: remove the link'],
  ['EIO', 'the disk reports an error: check the disk and the log of the kernel'],
])

/** A MillraceError passes as it is. */
export function storeFailure(act: string, path: string, error: unknown): MillraceError {
  if (isMillraceError(error)) return error
  const what = advice.get(errnoOf(error)) ?? 'check the directory'
  return new MillraceError(
    'MILLRACE_OBJECT_STORE',
    `cannot ${act} at ${path}: ${what}. ${messageOf(error)}`,
    { cause: error },
  )
}

export function errnoOf(error: unknown): string {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'no code'
}

/**
 * No object is there: no such name, a file in place of a folder, or a folder in place of the file.
 */
export function isMissing(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}
