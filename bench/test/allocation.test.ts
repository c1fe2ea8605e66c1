// What a row costs the collector. The rows of the generator exist already, so what is left is the engine's.
import { expect } from 'chai'
import { inChild } from './in-child.ts'

/** Seven further operators may not take more than this together: a third of the smallest object per row. */
const operatorBytesMax = 32
/** Batches (an array slot a row, grown by doubling) and a boxed time or two. */
const rowBytesMax = 96

describe('allocation per record', function () {
  this.timeout(60_000)

  it('does not grow with the number of stateless operators', async () => {
    const flags = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64']
    const { one, eight } = await inChild<{ one: number; eight: number }>(
      'allocation-process.ts',
      flags,
    )
    expect(one, 'bytes a row: less than none means that something was collected').to.be.above(0)
    expect(eight - one, `${one} bytes a row for one operator, ${eight} for eight`).to.be.at.most(
      operatorBytesMax,
    )
    expect(one).to.be.at.most(rowBytesMax)
  })
})
