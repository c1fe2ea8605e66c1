import { expect } from 'chai'
import { isMillraceError, type MillraceError } from '../../src/errors.ts'

/** The MillraceError that `act` throws; fails when it returns or throws anything else. */
export function refusal(act: () => unknown): MillraceError {
  let returned: unknown
  try {
    returned = act()
  } catch (error) {
    if (isMillraceError(error)) return error
    throw error
  }
  expect.fail(`expected a refusal, got ${typeof returned}`)
}
