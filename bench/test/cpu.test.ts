// What eight synchronous operators cost, against a bare loop and against awaiting each of them, all three in one run: a slow
// machine slows them alike. Bars of the design: 0.3 us beyond the bare loop, and five times the records of the awaited loop.
// The absolute one fails at twice its budget only. A failed try is made anew, twice at most; the message has all.
import { expect } from 'chai'
import type { Measured } from '../src/rounds.ts'
import { inChild } from './in-child.ts'

const beyondBareMicrosMax = 0.6
const timesAwaitedMin = 5
const tries = 3

describe('eight synchronous operators', function () {
  this.timeout(120_000)

  it('cost little more than a bare loop, and a fifth of awaiting each of them', async () => {
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
