/**
 * What every outlet must do: rows belong to the commit in whose interval they were appended, however the commits are
 * pipelined, and what waits is bounded.
 */
import { realEnv } from '../../env.ts'
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { Owner, bytes, expectVisible, range, rowOf } from './decider-subject.ts'
import type { DeciderSubject, DeciderSupport } from './decider-subject.ts'
import { expect, expectEqual } from './expect.ts'

export function outletSuite(
  make: () => Promise<DeciderSubject>,
  supports: DeciderSupport,
): readonly ConformanceCase[] {
  const of = casesOver(make)
  if (supports.decides === 'log') return []
  const { fullAtRows } = supports
  return [
    ...addressing(of),
    ...cutting(of),
    ...(fullAtRows === undefined ? [] : bounding(of, fullAtRows)),
  ]
}

function addressing(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('writes rows where it is told, in their order, as they are', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      owner.append([0, 1], 0)
      owner.append([2], 1)
      owner.append([3], 0)
      owner.outlet.freeze()
      await owner.prepare()
      expectEqual(await owner.decider.decide(), 'decided', 'the decision')
      expectEqual(await subject.visible(0), [0, 1, 3].map(rowOf), 'rows of the first partition')
      expectEqual(await subject.visible(1), [rowOf(2)], 'rows of the second')
    }),
    of('keeps null keys and null values apart from empty ones', async (subject) => {
      const owner = await Owner.open(subject)
      const rows = [
        { key: null, value: '1', timestamp: 1 },
        { key: '', value: '', timestamp: 2 },
        { key: 'k', value: null, timestamp: 3 },
      ]
      await owner.decider.begin()
      for (const { key, value, timestamp } of rows)
        owner.outlet.append(subject.topic, 0, bytes(key), bytes(value), timestamp)
      owner.outlet.freeze()
      await owner.prepare()
      expectEqual(await owner.decider.decide(), 'decided', 'the decision')
      expectEqual(await subject.visible(0), rows, 'rows')
    }),
  ]
}

function cutting(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('gives rows appended behind a freeze to the next commit', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      owner.append([1, 2])
      owner.outlet.freeze()
      owner.append([3])
      await owner.prepare()
      owner.append([4])
      expectEqual(await owner.decider.decide(), 'decided', 'the first decision')
      owner.append([5])
      await expectVisible(subject, [1, 2], 'rows of the first commit')
      await owner.decider.begin()
      owner.append([6])
      owner.outlet.freeze()
      await owner.prepare()
      expectEqual(await owner.decider.decide(), 'decided', 'the second decision')
      await expectVisible(subject, range(1, 7), 'rows of both')
    }),
    of('keeps the rows of two freezes apart while the first is undecided', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      for (const n of [1, 2, 3]) {
        owner.append([n])
        if (n < 3) owner.outlet.freeze()
      }
      for (const n of [1, 2, 3]) {
        await owner.prepare()
        expectEqual(await owner.decider.decide(), 'decided', `decision ${n}`)
        await expectVisible(subject, range(1, n + 1), `rows behind decision ${n}`)
        await owner.decider.begin()
        owner.outlet.freeze()
      }
      await owner.decider.close()
    }),
    of('takes rows before the first begin, and voids with a commit those behind it', async (s) => {
      const first = await Owner.open(s)
      first.append([1])
      await first.decider.begin()
      first.outlet.freeze()
      first.append([2])
      await first.prepare()
      const second = await Owner.open(s)
      expectEqual(await second.commit([3]), 'decided', 'the commit of the next owner')
      await expectVisible(s, [3], 'rows')
    }),
  ]
}

function bounding(of: CaseOf<DeciderSubject>, fullAtRows: number): readonly ConformanceCase[] {
  return [
    of('says full at its bound, takes that row too, and drains with a begin', async (subject) => {
      const { timers } = realEnv()
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      expect(owner.append([0]), 'room in the beginning')
      owner.outlet.freeze()
      let rows = 0
      while (owner.append([1 + rows++])) expect(rows <= fullAtRows, `full at ${fullAtRows} rows`)
      let drained = false
      const waiting = owner.outlet.drained(new AbortController().signal).then(() => {
        drained = true
      })
      await timers.yield()
      expect(!drained, 'drained waits while it is full')
      await owner.prepare()
      expectEqual(await owner.decider.decide(), 'decided', 'the decision')
      await owner.decider.begin()
      await waiting
      owner.append([1 + rows])
      owner.outlet.freeze()
      await owner.prepare()
      expectEqual(await owner.decider.decide(), 'decided', 'the next decision')
      await expectVisible(subject, range(0, rows + 2), 'every row, in order')
    }),
    of('ends waiting with the signal, or at once when there is room', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      await owner.outlet.drained(new AbortController().signal)
      owner.outlet.freeze()
      owner.append(range(0, fullAtRows))
      const stop = new AbortController()
      const waiting = owner.outlet.drained(stop.signal)
      stop.abort()
      await waiting
      await owner.decider.close()
    }),
  ]
}
