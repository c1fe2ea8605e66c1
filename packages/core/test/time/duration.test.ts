import { expect } from 'chai'
import { durationMs } from '@millrace/core'
import type { Duration } from '@millrace/core'

describe('a duration', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ] as const) {
    it(`of ${text} is ${ms} ms`, () => expect(durationMs(text)).equal(ms))
  }

  for (const text of [
    '-5m',
    '1e3s',
    '0x10m',
    'NaNs',
    '1.0001s',
    '5',
    '5 m',
    '5 min',
    '',
    '99999999999999d',
    'Infinitys',
  ]) {
    it(`refuses ${JSON.stringify(text)} and says how to write one`, () => {
      expect(() => durationMs(text as Duration, 'within')).throws(
        /^within: .* is not a duration: write a number and a unit/,
      )
    })
  }
})
