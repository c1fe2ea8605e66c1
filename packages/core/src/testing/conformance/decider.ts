/**
 * What every decider must do. Law 3 stands on it: rows and head become true together, by one decision, and whoever opens
 * next learns of exactly what was decided.
 */
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { Owner, expectVisible, range } from './decider-subject.ts'
import type { DeciderSubject, DeciderSupport } from './decider-subject.ts'
import { expect, expectEqual, expectRejected } from './expect.ts'

export function deciderSuite(
  make: () => Promise<DeciderSubject>,
  supports: DeciderSupport,
): readonly ConformanceCase[] {
  const of = casesOver(make)
  if (supports.decides === 'log') return byLogCases(of)
  return [
    ...deciding(of),
    ...fencing(of),
    ...yielding(of),
    ...refusing(of),
    ...(supports.losesAnswers === true ? unanswered(of) : []),
    ...(supports.landsLate === true ? late(of) : []),
  ]
}

function byLogCases(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('says that the tail of the log is the head, and has no outlet', async (subject) => {
      const { head, decider } = await Owner.open(subject)
      expectEqual(head, 'by-log', 'the head')
      expect(decider.outlet === undefined, 'no outlet')
    }),
    of('has decided as soon as the record is there, commit after commit', async (subject) => {
      const owner = await Owner.open(subject)
      for (let i = 0; i < 3; i++) {
        await owner.decider.begin()
        await owner.prepare()
        expectEqual(await owner.decider.decide(), 'decided', `decision ${i}`)
      }
      await owner.decider.begin()
      await owner.decider.abort()
      await owner.decider.close()
    }),
  ]
}

function deciding(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of(
      'says missing while nothing was ever decided, whatever was prepared or aborted',
      async (subject) => {
        const first = await Owner.open(subject)
        expectEqual(first.head, 'missing', 'the head of a new task')
        await first.decider.begin()
        first.append([1])
        first.outlet.freeze()
        await first.prepare()
        const second = await Owner.open(subject)
        expectEqual(second.head, 'missing', 'the head behind a prepared commit')
        await second.decider.begin()
        await second.decider.abort()
        expectEqual((await Owner.open(subject)).head, 'missing', 'the head behind an aborted one')
      },
    ),
    of('shows rows and head with the decision, and neither before', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      owner.append(range(0, 5))
      await expectVisible(subject, [], 'rows while they are appended')
      owner.outlet.freeze()
      const commit = await owner.prepare()
      await expectVisible(subject, [], 'rows that are prepared')
      expectEqual(await owner.decider.decide(), 'decided', 'the decision')
      await expectVisible(subject, range(0, 5), 'rows that are decided')
      expectEqual((await Owner.open(subject)).head, commit, 'the head')
    }),
    of('goes on commit after commit, and names the last one', async (subject) => {
      const owner = await Owner.open(subject)
      for (let i = 0; i < 4; i++)
        expectEqual(await owner.commit(range(i * 3, i * 3 + 3)), 'decided', `decision ${i}`)
      await expectVisible(subject, range(0, 12), 'rows of all commits')
      expectEqual((await Owner.open(subject)).head, { seq: 4, id: 'a4' }, 'the head')
    }),
    of('decides a commit without rows', async (subject) => {
      const owner = await Owner.open(subject)
      expectEqual(await owner.commit([]), 'decided', 'the decision')
      expectEqual(await owner.commit([1]), 'decided', 'the next one')
      await expectVisible(subject, [1], 'rows')
      expectEqual((await Owner.open(subject)).head, { seq: 2, id: 'a2' }, 'the head')
    }),
    of('names the try that was decided, not the one that was prepared first', async (subject) => {
      const first = await Owner.open(subject)
      await first.decider.begin()
      first.outlet.freeze()
      await first.prepare('first')
      const second = await Owner.open(subject)
      expectEqual(await second.commit([7], 'second'), 'decided', 'the decision')
      expectEqual((await Owner.open(subject)).head, { seq: 1, id: 'second1' }, 'the head')
    }),
  ]
}

function fencing(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('voids what an owner prepared, once another one opens', async (subject) => {
      const first = await Owner.open(subject)
      expectEqual(await first.commit([1, 2]), 'decided', 'a first commit')
      await first.decider.begin()
      first.append([3, 4])
      first.outlet.freeze()
      await first.prepare()
      const second = await Owner.open(subject)
      expectEqual(second.head, { seq: 1, id: 'a1' }, 'the head')
      expectEqual(await first.decider.decide(), 'fenced', 'the decision of the first owner')
      await expectVisible(subject, [1, 2], 'rows')
      expectEqual(await second.commit([3, 4]), 'decided', 'the same rows by the second owner')
      await expectVisible(subject, [1, 2, 3, 4], 'rows then')
    }),
    of('makes nothing visible of an owner that is fenced, wherever it stood', async (subject) => {
      for (const stage of ['open', 'begun', 'appended', 'frozen'] as const) {
        const task = `fenced while ${stage}`
        const old = await Owner.open(subject, task)
        if (stage !== 'open') await old.decider.begin()
        if (stage === 'appended' || stage === 'frozen') old.append([1])
        if (stage === 'frozen') old.outlet.freeze()
        await Owner.open(subject, task)
        if (stage === 'open') await old.decider.begin()
        old.append([2])
        if (stage !== 'frozen') old.outlet.freeze()
        await old.prepare()
        expectEqual(await old.decider.decide(), 'fenced', `the decision when fenced while ${stage}`)
        expectEqual((await Owner.open(subject, task)).head, 'missing', `the head of ${task}`)
      }
      await expectVisible(subject, [], 'rows')
    }),
    of('keeps tasks apart: opening one fences no other', async (subject) => {
      const one = await Owner.open(subject, 'one')
      const two = await Owner.open(subject, 'two')
      expectEqual(await one.commit([1], 'x'), 'decided', 'the commit of one')
      expectEqual(await two.commit([2], 'y'), 'decided', 'the commit of two')
      expectEqual((await Owner.open(subject, 'one')).head, { seq: 1, id: 'x1' }, 'the head of one')
      expectEqual((await Owner.open(subject, 'two')).head, { seq: 1, id: 'y1' }, 'the head of two')
      await expectVisible(subject, [1, 2], 'rows')
    }),
    of('shows nothing of rows that were aborted, or whose owner closed', async (subject) => {
      const first = await Owner.open(subject)
      await first.decider.begin()
      first.append([1])
      await first.decider.abort()
      const second = await Owner.open(subject)
      await second.decider.begin()
      second.append([2])
      await second.decider.close()
      const third = await Owner.open(subject)
      expectEqual(await third.commit([3]), 'decided', 'a commit behind them')
      await expectVisible(subject, [3], 'rows')
    }),
  ]
}

function yielding(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return (['abort', 'close'] as const).map((verb) =>
    of(`lets readers pass its rows with ${verb}, before anyone opens anew`, async (subject) => {
      const one = await Owner.open(subject, 'one')
      await one.decider.begin()
      one.append([1])
      await one.decider[verb]()
      const two = await Owner.open(subject, 'two')
      expectEqual(await two.commit([2]), 'decided', 'the commit of another task')
      await expectVisible(subject, [2], 'rows')
    }),
  )
}

function refusing(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('refuses everything but open and close behind an abort', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      await owner.decider.abort()
      await expectRejected('MILLRACE_LIFECYCLE', () => owner.decider.begin(), 'begin is refused')
      await expectRejected('MILLRACE_LIFECYCLE', () => owner.decider.decide(), 'decide is refused')
      await owner.decider.open()
      expectEqual(await owner.commit([1]), 'decided', 'a commit behind a new open')
      await owner.decider.close()
    }),
    of('refuses to decide what is not prepared', async (subject) => {
      const owner = await Owner.open(subject)
      await owner.decider.begin()
      owner.append([1])
      await expectRejected('MILLRACE_LIFECYCLE', () => owner.decider.decide(), 'decide is refused')
      await owner.decider.close()
      await expectVisible(subject, [], 'rows')
    }),
  ]
}

function unanswered(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('says unknown without an answer, and the next open names it if it was decided', (subject) =>
      lose(subject, 'applied'),
    ),
    of('says unknown without an answer, and the next open names the one before if not', (subject) =>
      lose(subject, 'lost'),
    ),
  ]
}

async function lose(subject: DeciderSubject, how: 'applied' | 'lost'): Promise<void> {
  const owner = await Owner.open(subject)
  expectEqual(await owner.commit([1]), 'decided', 'a first commit')
  subject.loseAnswer!(how)
  expectEqual(await owner.commit([2]), 'unknown', 'the decision')
  await expectRejected('MILLRACE_LIFECYCLE', () => owner.decider.begin(), 'begin is refused then')
  owner.append([9])
  const next = await Owner.open(subject)
  const decided = how === 'applied'
  expectEqual(next.head, { seq: decided ? 2 : 1, id: decided ? 'a2' : 'a1' }, 'the head')
  await expectVisible(subject, decided ? [1, 2] : [1], 'rows')
  expectEqual(await next.commit([3]), 'decided', 'a commit of the next owner')
  await expectVisible(subject, decided ? [1, 2, 3] : [1, 3], 'rows then')
}

function late(of: CaseOf<DeciderSubject>): readonly ConformanceCase[] {
  return [
    of('changes nothing when a decision arrives behind the next open', async (subject) => {
      const owner = await Owner.open(subject)
      subject.loseAnswer!('late')
      expectEqual(await owner.commit([1]), 'unknown', 'the decision')
      await owner.decider.open()
      await owner.decider.begin()
      owner.append([2])
      subject.land!()
      await expectVisible(subject, [], 'rows')
      owner.outlet.freeze()
      const commit = await owner.prepare('again')
      expectEqual(await owner.decider.decide(), 'decided', 'the commit in progress')
      await expectVisible(subject, [2], 'rows then')
      expectEqual((await Owner.open(subject)).head, commit, 'the head')
    }),
  ]
}

export type { DeciderSubject, DeciderSupport, VisibleRow } from './decider-subject.ts'
