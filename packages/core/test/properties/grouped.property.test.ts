import { checkHistories } from './check.ts'
import { histories } from './grouped.ts'

describe('aggregates of grouped streams', () => {
  checkHistories(histories)
})
