import { checkHistories } from './check.ts'
import { histories } from './windows-session.ts'

describe('session windows', () => {
  checkHistories(histories)
})
