import { checkHistories } from './check.ts'
import { histories } from './stream-joins.ts'

describe('joins of two streams, in random histories', () => {
  checkHistories(histories)
})
