import { expect } from 'chai'
import fc from 'fast-check'
import { endOfWalk } from '../../../src/processors/joins/expired-walk.ts'
import { TimeCounts } from '../../../src/processors/joins/waiting.ts'
import { engineStore } from '../../../src/state/key-value.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'

interface Waiting {
  readonly time: number
  readonly left: boolean
}

/** The walk itself, row by row. */
function walked(rows: readonly Waiting[], leftOpen: number, rightOpen: number): number {
  let end = Infinity
  let left = false
  let right = false
  const order = [...rows].sort((a, b) => a.time - b.time || Number(a.left) - Number(b.left))
  for (const row of order) {
    end = row.time
    if (left && right) break
    if (row.left && row.time >= leftOpen) left = true
    if (!row.left && row.time >= rightOpen) right = true
  }
  return end
}

function countsOf(rows: readonly Waiting[]): TimeCounts {
  const counts = new TimeCounts(
    new MemoryTaskState().open(engineStore<number, number>('times', { ordered: true })),
  )
  for (const { time } of rows) counts.add(time)
  return counts
}

describe('the end of the expired walk', () => {
  const row = fc.record({ time: fc.nat(8), left: fc.boolean() })

  it('is where a walk over all waiting rows would stop', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), fc.nat(9), fc.nat(9), (rows, l, r) => {
        const left = countsOf(rows.filter((it) => it.left))
        const right = countsOf(rows.filter((it) => !it.left))
        expect(endOfWalk(left, right, l, r)).equal(walked(rows, l, r))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the newest row where one side never waits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(8), { maxLength: 8 }), fc.nat(9), (times, open) => {
        const rows = times.map((time) => ({ time, left: true }))
        expect(endOfWalk(countsOf(rows), undefined, open, open)).equal(walked(rows, open, open))
      }),
    )
  })

  it('forgets a time with the last row that waited at it', () => {
    const counts = countsOf([
      { time: 3, left: true },
      { time: 3, left: true },
    ])
    counts.remove(3)
    expect(counts.at(3)).equal(1)
    counts.remove(3)
    expect([counts.at(3), counts.from(0), counts.last]).deep.equal([0, Infinity, -Infinity])
  })
})
