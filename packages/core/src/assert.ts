/**
 * Assertions state what the code relies on and stay on in production. They cite the law they guard, and stand
 * per batch, per turn and per commit, never per row.
 */
import { MillraceError } from './errors.ts'

export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition)
    throw new MillraceError(
      'MILLRACE_INVARIANT',
      `does not hold: ${statement}. This is a bug in Millrace: please report it`,
    )
}

/** For the `default` of an exhaustive switch: the compiler refuses the call while a case is missing. */
export function unreachable(value: never): never {
  throw new MillraceError(
    'MILLRACE_INVARIANT',
    `unexpected ${JSON.stringify(value)}. This is a bug in Millrace: please report it`,
  )
}
