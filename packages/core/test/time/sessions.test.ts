import { expect } from 'chai'
import { session } from '@millrace/core'
import {
  endOfClosing,
  sessionBound,
  sessionClosesAt,
  sessionForgottenAt,
} from '../../src/time/sessions.ts'

describe('the times of a session', () => {
  const window = session('10ms').grace('5ms')

  it('closes at the first T that is more than gap and grace behind its end', () => {
    for (const end of [0, 1, 1_000]) {
      const at = sessionClosesAt(window, end)
      expect(end < sessionBound(window, at), 'closed').equal(true)
      expect(end < sessionBound(window, at - 1), 'one earlier').equal(false)
      expect(endOfClosing(window, at)).equal(end)
    }
  })

  it('is out of reach when it closes, under the watermark, unless it is kept for queries', () => {
    expect(sessionForgottenAt(window, 100, 0, false)).equal(sessionClosesAt(window, 100))
    expect(sessionForgottenAt(window, 100, 7, false)).equal(sessionClosesAt(window, 100) + 7)
  })

  it('stays two gaps longer under stream time, or as long as it is kept for queries', () => {
    expect(sessionForgottenAt(window, 100, 7, true)).equal(sessionClosesAt(window, 100) + 20)
    expect(sessionForgottenAt(window, 100, 70, true)).equal(sessionClosesAt(window, 100) + 70)
  })

  it('may have a gap of nothing', () => {
    expect(sessionClosesAt(session('0ms'), 5)).equal(6)
  })
})
