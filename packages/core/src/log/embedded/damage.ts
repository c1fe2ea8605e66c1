/**
 * What goes wrong with a log on disk, as errors that say what to do. The embedded log is the truth,
 * not a cache of something else: nothing here repairs, skips or deletes. (LevelDB's own `repair`
 * drops what it cannot read.)
 */
import { MillraceError, messageOf } from '../../errors.ts'

export function damaged(location: string, what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'MILLRACE_LOG_DAMAGED',
    `the embedded log in ${location} is damaged: ${what}. It is the only copy of its rows, so nothing was repaired or skipped: ` +
      'stop the app, keep a copy of the directory, and put back a backup; or give up these rows: move the directory away, start with an empty log, and reset the checkpoint of each app that reads it',
    cause === undefined ? {} : { cause },
  )
}

export function logClosed(location: string): MillraceError {
  return new MillraceError(
    'MILLRACE_LOG_CLOSED',
    `the embedded log in ${location} is closed: open it again`,
  )
}

/** Errors of LevelDB in our words; whatever is not known to be damage stays as it is. */
export function fromLevel(location: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'LEVEL_CORRUPTION':
      return damaged(location, messageOf((error as { cause?: unknown }).cause ?? error), error)
    case 'LEVEL_DATABASE_NOT_OPEN':
    case 'LEVEL_ITERATOR_NOT_OPEN':
      return logClosed(location)
    default:
      return error
  }
}

/** The code of an abstract-level error: open wraps the real one as its cause. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  return cause?.code?.startsWith('LEVEL_') === true ? cause.code : code
}
