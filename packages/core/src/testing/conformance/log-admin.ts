/** What every LogAdmin must do. A log that cannot make or purge topics leaves those cases out. */
import { messageOf } from '../../errors.ts'
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual, expectRejected } from './expect.ts'
import { Reading, splitsOf, testRows, valuesOf } from './log-subject.ts'
import type { LogSubject, LogSupport } from './log-subject.ts'

export function logAdminSuite(
  make: () => Promise<LogSubject>,
  options: { readonly supports: LogSupport },
): readonly ConformanceCase[] {
  const of = casesOver(make)
  const { ensure, purge } = options.supports
  return [...naming(of), ...(ensure ? ensuring(of) : []), ...(purge ? purging(of) : [])]
}

function naming(of: CaseOf<LogSubject>): readonly ConformanceCase[] {
  return [
    of(
      'gives the splits of a topic, numbered from 0, with ids that are its own',
      async (subject) => {
        const splits = await splitsOf(subject)
        expectEqual(
          splits.map((split) => split.partition),
          splits.map((_, i) => i),
          'partitions',
        )
        expectEqual(new Set(splits.map((split) => split.id)).size, splits.length, 'different ids')
        for (const split of splits) expectEqual(split.topic, subject.topic, 'the topic of a split')
        expectEqual(await splitsOf(subject), splits, 'the same splits again')
      },
    ),
    of('refuses an unknown topic by name', async (subject) => {
      const { admin } = subject.log
      await expectRejected(
        'MILLRACE_UNKNOWN_TOPIC',
        () => admin.splits('no-such-topic'),
        'splits of an unknown topic',
      )
      await expectRejected(
        'MILLRACE_UNKNOWN_TOPIC',
        () => admin.ends('no-such-topic'),
        'ends of an unknown topic',
      )
      expect(
        (await messageFrom(() => admin.splits('no-such-topic'))).includes('no-such-topic'),
        'the message names the topic',
      )
    }),
    of('gives the end of each split', async (subject) => {
      const splits = await splitsOf(subject)
      const before = await subject.log.admin.ends(subject.topic)
      expectEqual([...before.keys()].sort(), splits.map(({ id }) => id).sort(), 'one end per split')
      await subject.append(splits[0]!, testRows(3))
      const after = await subject.log.admin.ends(subject.topic)
      expect(after.get(splits[0]!.id) !== before.get(splits[0]!.id), 'the end moves with the rows')
      for (const { id } of splits.slice(1))
        expectEqual(after.get(id), before.get(id), 'the end of another split')
    }),
  ]
}

function ensuring(of: CaseOf<LogSubject>): readonly ConformanceCase[] {
  return [
    of('makes a topic once, with the partitions that were asked for', async (subject) => {
      const { admin } = subject.log
      const topic = `${subject.topic}-made`
      await admin.ensure(topic, 3)
      await admin.ensure(topic, 3)
      expectEqual((await admin.splits(topic)).length, 3, 'partitions')
    }),
    of('lets concurrent callers make one topic', async (subject) => {
      const { admin } = subject.log
      const topic = `${subject.topic}-raced`
      await Promise.all([admin.ensure(topic, 2), admin.ensure(topic, 2), admin.ensure(topic, 2)])
      expectEqual((await admin.splits(topic)).length, 2, 'partitions')
    }),
    of('refuses another number of partitions, and names both numbers', async (subject) => {
      const { admin } = subject.log
      const topic = `${subject.topic}-made`
      await admin.ensure(topic, 3)
      const message = await messageFrom(() => admin.ensure(topic, 5))
      expect(
        message.includes('3') && message.includes('5') && message.includes(topic),
        `a message with topic, 3 and 5, not: ${message}`,
      )
      expectEqual((await admin.splits(topic)).length, 3, 'partitions')
    }),
  ]
}

function purging(of: CaseOf<LogSubject>): readonly ConformanceCase[] {
  return [
    of('forgets everything before a position, once and again', async (subject) => {
      const [split] = await splitsOf(subject)
      const { admin } = subject.log
      await subject.append(split!, testRows(4))
      const end = (await admin.ends(subject.topic)).get(split!.id)!
      for (let round = 0; round < 2; round++) await admin.purge(split!.id, end)
      expectEqual((await admin.ends(subject.topic)).get(split!.id), end, 'the end')
      await subject.append(split!, testRows(2, 4))
      const port = subject.log.source(subject.topic)
      await port.open(split!, 'earliest')
      expectEqual(
        valuesOf(await new Reading(subject, port).all([split!])),
        valuesOf(testRows(2, 4)),
        'the rows behind it',
      )
      await port.close(split!.id)
    }),
  ]
}

async function messageFrom(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    return messageOf(error)
  }
  return ''
}
