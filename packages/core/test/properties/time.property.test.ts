import { checkHistories } from './check.ts'
import { histories } from './time.ts'

describe('properties of time', () => {
  checkHistories(histories)
})
