import { checkHistories } from './check.ts'
import { histories } from './windows-sliding.ts'

describe('sliding windows', () => {
  checkHistories(histories)
})
