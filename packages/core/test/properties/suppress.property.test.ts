/** Suppress, against a list that is sorted anew for each row. */
import { checkHistories } from './check.ts'
import { histories } from './suppress.ts'

describe('a suppressed table', () => {
  checkHistories(histories)
})
