// What eight synchronous operators cost, against a bare loop and against awaiting each of them, all three in one run: a slow
// machine slows them alike. The bars are 0.3 us beyond the bare loop, and five times the records of the awaited operators; they
// are measured by the bench. This guard is looser, because short rounds on a shared machine are noisy: it fails at twice the
// first and below four times. A failed try is made anew, twice at most; the message has all.
import { expect } from 'chai'
import type { Measured } from '../src/rounds.ts'
import { inChild } from './in-child.ts'

const beyondBareMicrosMax = 0.6
const timesAwaitedMin = 4
const tries = 3

describe('eight synchronous operators', function () {
  this.timeout(120_000)

  it('cost little more than a bare loop, and a fraction of awaiting each of them', async () => {
    const told: string[] = []
    for (let i = 0; i < tries; i++) {
      const { engine, bare, timesAwaited = 0 } = await inChild<Measured>('cpu-process.ts')
      const beyond = engine - bare
      told.push(
        `${beyond.toFixed(3)} us beyond the bare loop, ${timesAwaited.toFixed(1)} times the awaited one`,
      )
      if (beyond <= beyondBareMicrosMax && timesAwaited >= timesAwaitedMin) return
    }
    expect.fail(told.join('; then '))
  })
})
