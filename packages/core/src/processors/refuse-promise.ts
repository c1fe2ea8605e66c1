/**
 * `mapValues(async ...)` compiles, because a promise is a legal value, and is never what was meant: the first result of a
 * function is tested.
 */
import { MillraceError } from '../errors.ts'

/** Always false, or it throws: assigned to a `first` flag. */
export function refusePromise(result: unknown, node: string, instead: string): false {
  if (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { then?: unknown }).then === 'function'
  ) {
    void (result as Promise<unknown>).then(undefined, () => {})
    throw new MillraceError(
      'MILLRACE_ASYNC_RESULT',
      `the function of this node returned a promise, but rows are pushed synchronously: use ${instead}(...) for work that waits`,
      { at: { node } },
    )
  }
  return false
}
