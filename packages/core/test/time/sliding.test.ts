import { expect } from 'chai'
import { sliding } from '@millrace/core'
import {
  lowestSeen,
  slidingBound,
  slidingClosesAt,
  slidingForgottenAt,
  startOfClosing,
} from '../../src/time/sliding.ts'

describe('the times of a sliding window', () => {
  const window = sliding('10ms').grace('5ms')

  it('closes at the first T that is more than the grace behind its end, which is included', () => {
    for (const start of [0, 1, 1_000]) {
      const at = slidingClosesAt(window, start)
      expect(start + 10 < slidingBound(window, at), 'closed').equal(true)
      expect(start + 10 < slidingBound(window, at - 1), 'one earlier').equal(false)
      expect(startOfClosing(window, at)).equal(start)
    }
  })

  it('stays as long as the oldest row that is taken looks at it', () => {
    for (const now of [200, 1_000]) {
      const oldest = slidingBound(window, now) - window.diffMs
      const lowest = lowestSeen(window, oldest)
      expect(slidingForgottenAt(window, lowest, 0)).equal(now + 1)
    }
    expect(slidingForgottenAt(window, 0, 50)).equal(slidingClosesAt(window, 0) + 50)
  })

  it('never starts below 0', () => {
    expect(lowestSeen(window, 3)).equal(0)
  })
})
