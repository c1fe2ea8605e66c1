import { checkHistories } from './check.ts'
import { histories } from './versioned.ts'

describe('versioned tables, in random histories', () => {
  checkHistories(histories)
})
