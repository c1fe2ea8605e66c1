/**
 * What every staged sink must do. Exactly-once stands on the second group: whatever was decided becomes visible once,
 * whoever publishes it and however often. A transactional sink has no sections, so this is not its suite.
 */
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual } from './expect.ts'
import { byKey, keyOf, rowAt, rowsIn, SinkOwner } from './sink-subject.ts'
import type { SinkSubject } from './sink-subject.ts'

/** Which cases there are depends on what the subject can do, so that is known before one is made. */
export interface SinkSuiteOptions {
  /** Encoded bytes after which `write` says that it is full. */
  readonly fullAtBytes: number
  /** The subject has `spoil`. */
  readonly spoils?: boolean
  /** The subject has `unwritable`. */
  readonly refuses?: boolean
}

type Cases<V> = (
  of: CaseOf<SinkSubject<V>>,
  options: SinkSuiteOptions,
) => readonly ConformanceCase[]

export function sinkSuite<V>(
  make: () => Promise<SinkSubject<V>>,
  options: SinkSuiteOptions,
): readonly ConformanceCase[] {
  const of = casesOver(make)
  const groups: readonly Cases<V>[] = [staging, publishing, ordering, bounding]
  return groups.flatMap((group) => group(of, options))
}

function staging<V>(
  of: CaseOf<SinkSubject<V>>,
  options: SinkSuiteOptions,
): readonly ConformanceCase[] {
  const cases = [
    of('shows nothing before it is published, and every row behind that', async (subject) => {
      const owner = await SinkOwner.open(subject)
      const commit = owner.commit(range(0, 20))
      expectEqual(await subject.visible(), [], 'rows before the decision')
      await owner.publish(commit)
      await owner.close()
      await expectVisible(subject, range(0, 20))
    }),
    of('forgets with a freeze what it gave away', async (subject) => {
      const owner = await SinkOwner.open(subject)
      expectEqual(owner.freeze().sections.length, 0, 'sections of a port without rows')
      const first = owner.commit(range(0, 7))
      expectEqual(rowsIn(first), 7, 'rows of the first freeze')
      expectEqual(owner.freeze().sections.length, 0, 'sections of a second freeze')
      const next = owner.commit(range(7, 10))
      expectEqual(rowsIn(next), 3, 'rows written since')
      await owner.publish(first, next)
      await owner.close()
      await expectVisible(subject, range(0, 10))
    }),
    of('names each lane once in a freeze', async (subject) => {
      const owner = await SinkOwner.open(subject)
      const lanes = owner.commit(range(0, 50)).sections.map(({ lane }) => lane)
      await owner.close()
      expectEqual(new Set(lanes).size, lanes.length, 'different lanes')
    }),
    of('drops what was written and never frozen with its port', async (subject) => {
      const first = await SinkOwner.open(subject)
      first.write(range(0, 5))
      await first.close()
      const second = await SinkOwner.open(subject)
      await second.publish(second.commit(range(5, 8)))
      await second.close()
      await expectVisible(subject, range(5, 8))
    }),
  ]
  if (options.spoils === true) cases.push(copying(of))
  if (options.refuses === true) cases.push(refusing(of))
  return cases
}

function copying<V>(of: CaseOf<SinkSubject<V>>): ConformanceCase {
  return of('copies or encodes a row on entry', async (subject) => {
    const owner = await SinkOwner.open(subject)
    const value = subject.value(1, 24)
    owner.port.write(keyOf(1), value, rowAt(1))
    subject.spoil!(value)
    await owner.publish(owner.freeze())
    await owner.close()
    await expectVisible(subject, [1])
  })
}

function refusing<V>(of: CaseOf<SinkSubject<V>>): ConformanceCase {
  return of('throws for a row that it cannot encode, and keeps nothing of it', async (subject) => {
    const owner = await SinkOwner.open(subject)
    owner.write([1])
    let refused = false
    try {
      owner.port.write(keyOf(2), subject.unwritable!(), rowAt(2))
    } catch {
      refused = true
    }
    expect(refused, 'write throws')
    const commit = owner.commit([3])
    expectEqual(rowsIn(commit), 2, 'rows of the freeze')
    await owner.publish(commit)
    await owner.close()
    await expectVisible(subject, [1, 3])
  })
}

function publishing<V>(of: CaseOf<SinkSubject<V>>): readonly ConformanceCase[] {
  return [
    of('shows a commit once when it is published twice', async (subject) => {
      const owner = await SinkOwner.open(subject)
      const commit = owner.commit(range(0, 20))
      await owner.publish(commit)
      await owner.publish(commit)
      await owner.close()
      await expectVisible(subject, range(0, 20))
    }),
    of('publishes what a former owner left, before its own rows', async (subject) => {
      const first = await SinkOwner.open(subject)
      const left = [first.commit(range(0, 8)), first.commit(range(8, 16))]
      await first.close()
      const second = await SinkOwner.open(subject, { seq: 2, pending: left })
      expectEqual(await subject.visible(), [], 'rows before they come through publish')
      await second.publish(...left)
      await second.publish(second.commit(range(16, 24)))
      await second.close()
      await expectVisible(subject, range(0, 24))
    }),
    of('shows a commit once when its owner died behind publishing it', async (subject) => {
      const first = await SinkOwner.open(subject)
      const commit = first.commit(range(0, 20))
      await first.publish(commit)
      await first.close()
      const second = await SinkOwner.open(subject, { seq: 1, pending: [commit] })
      await second.publish(commit)
      await second.publish(second.commit(range(20, 30)))
      await second.close()
      await expectVisible(subject, range(0, 30))
    }),
    of('finishes a commit that its owner published in part', async (subject) => {
      const first = await SinkOwner.open(subject)
      const commit = first.commit(range(0, 50))
      await first.publish({ ...commit, sections: commit.sections.slice(0, 1) })
      await first.close()
      const second = await SinkOwner.open(subject, { seq: 1, pending: [commit] })
      await second.publish(commit)
      await second.close()
      await expectVisible(subject, range(0, 50))
    }),
    of('keeps the same commit of two tasks apart', async (subject) => {
      const owners = await Promise.all(['0', '1'].map((task) => SinkOwner.open(subject, { task })))
      const commits = owners.map((owner, i) => owner.commit(range(i * 10, i * 10 + 10)))
      await Promise.all(owners.map((owner, i) => owner.publish(commits[i]!)))
      for (const owner of owners) await owner.close()
      await expectVisible(subject, range(0, 20))
    }),
  ]
}

function ordering<V>(of: CaseOf<SinkSubject<V>>): readonly ConformanceCase[] {
  return [
    of(
      'keeps the order of the rows of a key, within a commit and over commits',
      async (subject) => {
        const owner = await SinkOwner.open(subject)
        const commits = [0, 1, 2, 3].map((i) => owner.commit(range(i * 25, i * 25 + 25)))
        await owner.publish(...commits)
        await owner.close()
        const seen = await subject.visible()
        expectEqual(byKey(seen), byKey(range(0, 100)), 'rows of each key in the order of writing')
      },
    ),
    of('takes rows while commits are being published', async (subject) => {
      const owner = await SinkOwner.open(subject)
      const first = owner.commit(range(0, 25))
      const publishes = owner.publish(first)
      const next = owner.commit(range(25, 50))
      await publishes
      await owner.publish(next)
      await owner.close()
      const seen = await subject.visible()
      expectEqual(byKey(seen), byKey(range(0, 50)), 'rows of each key in the order of writing')
    }),
  ]
}

/** Rows of an eighth of the bound: the port is full after some eight of them. */
function bounding<V>(
  of: CaseOf<SinkSubject<V>>,
  { fullAtBytes }: SinkSuiteOptions,
): readonly ConformanceCase[] {
  return [
    of(
      'says that it is full, takes that row all the same, and has room after a freeze',
      async (subject) => {
        const owner = await SinkOwner.open(subject)
        let written = 0
        expect(owner.write([written++]), 'room for a first row')
        while (owner.write([written++], fullAtBytes / 8)) {
          expect(written < 16, `full after ${fullAtBytes} bytes`)
        }
        const commit = owner.freeze()
        expectEqual(rowsIn(commit), written, 'rows of the freeze, the last one included')
        expect(owner.write([written++]), 'room after the freeze')
        await owner.publish(commit, owner.freeze())
        await owner.close()
        await expectVisible(subject, range(0, written))
      },
    ),
  ]
}

async function expectVisible<V>(
  subject: SinkSubject<V>,
  numbers: readonly number[],
): Promise<void> {
  const seen = [...(await subject.visible())].sort((a, b) => a - b)
  expectEqual(seen, [...numbers], 'each row visible once')
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

export type { SinkSubject }
