import { expect } from 'chai'
import fc from 'fast-check'
import { closesAt, firstStart, gridOf, startOfClosing } from '../../src/time/time-windows.ts'
import { hopping, tumbling, unlimited } from '../../src/time/windows.ts'
import type { TimeWindow, UnlimitedWindow } from '../../src/time/windows.ts'

function starts(window: TimeWindow | UnlimitedWindow, time: number): number[] {
  const grid = gridOf(window)
  const found: number[] = []
  for (let start = firstStart(grid, time); start <= time; start += grid.advanceMs) found.push(start)
  return found
}

describe('which windows a time falls in', () => {
  it('is one tumbling window, which takes its start and not its end', () => {
    expect([0, 9, 10, 11].map((time) => starts(tumbling('10ms'), time))).deep.equal([
      [0],
      [0],
      [10],
      [10],
    ])
  })

  it('is each hopping window around it, none of which starts before the epoch', () => {
    expect(starts(hopping('10ms', '4ms'), 3)).deep.equal([0])
    expect(starts(hopping('10ms', '4ms'), 9)).deep.equal([0, 4, 8])
    expect(starts(hopping('10ms', '4ms'), 10)).deep.equal([4, 8])
  })

  it('is none between two windows that leave a gap', () => {
    expect([19, 20, 22, 23, 29].map((time) => starts(hopping('3ms', '10ms'), time))).deep.equal([
      [],
      [20],
      [20],
      [],
      [],
    ])
  })

  it('is the one unlimited window from its start on', () => {
    expect([4, 5, 5e15].map((time) => starts(unlimited({ start: 5 }), time))).deep.equal([
      [],
      [5],
      [5],
    ])
  })

  it('is found by arithmetic as by looking at every window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 200 }),
        (size, advance, time) => {
          const all = Array.from({ length: 201 }, (_, i) => i * advance)
          expect(starts(hopping(`${size}ms`, `${advance}ms`), time)).deep.equal(
            all.filter((start) => start <= time && time < start + size),
          )
        },
      ),
    )
  })

  it('holds for the times of today', () => {
    const today = 1_763_700_000_000
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: 1, max: 1e9 }),
        (by, size) => {
          const [start, ...others] = starts(tumbling(`${size}ms`), today + by)
          expect(others).deep.equal([])
          expect(start! % size).equal(0)
          expect(start! <= today + by && today + by < start! + size).equal(true)
        },
      ),
    )
  })

  it('closes a window behind its grace, and finds it again from there', () => {
    const grid = gridOf(hopping('10ms', '4ms').grace('7ms'))
    expect(closesAt(grid, 8)).equal(25)
    expect(startOfClosing(grid, 25)).equal(8)
    expect(closesAt(gridOf(unlimited()), 0)).equal(Infinity)
  })
})
