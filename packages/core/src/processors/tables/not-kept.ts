/**
 * The reader of a table that keeps no values: nobody has asked for them, so nobody may look them up. Reaching it is a mistake of the
 * node that reads: it did not call `read()` of the table's facts.
 */
import { MillraceError } from '../../errors.ts'
import type { TableReader } from '../processor.ts'

export const notKept: TableReader = Object.freeze({
  get: () => {
    throw new MillraceError(
      'MILLRACE_INVARIANT',
      'a table that keeps no values was looked up: whoever reads it has to say so while the topology is built',
    )
  },
})
