import { checkHistories } from './check.ts'
import { histories } from './tables.ts'

describe('tables, in random histories', () => {
  checkHistories(histories)
})
