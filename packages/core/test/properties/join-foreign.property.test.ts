/** Joins by foreign key, against the table of their rules. */
import { checkHistories } from './check.ts'
import { histories } from './join-foreign.ts'

describe('tables joined by foreign key', () => {
  checkHistories(histories)
})
