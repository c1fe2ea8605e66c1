/**
 * The cases of a SourcePort whose log goes on while it is read: rows that come later, positions
 * that move without a row, splits that end, and the bound on what is read ahead.
 */
import { realEnv } from '../../env.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual } from './expect.ts'
import { firstWith, over, testRows, valuesOf } from './log-subject.ts'
import type { LogSubject } from './log-subject.ts'

type Cases = readonly ConformanceCase[]

export function tailing(of: CaseOf<LogSubject>): Cases {
  return [
    of('wakes a waiting caller when a row is appended', async (subject) => {
      const split = await firstWith(subject, 2)
      await over(subject, [split], 'earliest', async (port, reader) => {
        await reader.all([split])
        const waits = reader.until(() => reader.rows.length === 3, 'the new row')
        await subject.append(split, testRows(1, 2))
        await waits
        await reader.all([split])
        expectEqual(valuesOf(reader.rows), valuesOf(testRows(3)), 'all rows')
        expect(port.caughtUp(split.id), 'caught up behind the new row')
      })
    }),
    of('reads rows in order while they are appended', async (subject) => {
      const split = await firstWith(subject, 0)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        const appending = (async () => {
          for (let i = 0; i < 40; i++) await subject.append(split, testRows(5, i * 5))
        })()
        await reader.until(() => reader.rows.length >= 200, '200 rows', 7)
        await appending
        expectEqual(valuesOf(reader.rows), valuesOf(testRows(200)), 'all rows in order')
      })
    }),
    of('wakes a waiting caller when a paused split with rows goes on', async (subject) => {
      const split = await firstWith(subject, 0)
      await over(subject, [split], 'earliest', async (port, reader) => {
        await reader.all([split])
        port.pause(split.id, true)
        await subject.append(split, testRows(2))
        const waits = reader.until(() => reader.rows.length === 2, 'the rows')
        port.pause(split.id, false)
        await waits
      })
    }),
    of(
      "says where 'latest' was, so that it means the same when it is opened again",
      async (subject) => {
        const split = await firstWith(subject, 3)
        const port = subject.log.source(subject.topic)
        const latest = await port.open(split, 'latest')
        await port.close(split.id)
        await subject.append(split, testRows(2, 3))
        await over(subject, [split], { after: latest }, async (_port, reader) => {
          const rows = await reader.all([split])
          expectEqual(
            valuesOf(rows),
            valuesOf(testRows(2, 3)),
            'what came after it was opened first',
          )
        })
      },
    ),
    of("starts at 'latest' with the rows that come later", async (subject) => {
      const split = await firstWith(subject, 3)
      await over(subject, [split], 'latest', async (_port, reader) => {
        await reader.all([split])
        await subject.append(split, testRows(2, 3))
        await reader.until(() => reader.rows.length >= 2, 'the new rows')
        expectEqual(valuesOf(reader.rows), valuesOf(testRows(2, 3)), 'the new rows only')
      })
    }),
  ]
}

export function withholding(of: CaseOf<LogSubject>): Cases {
  return [
    of('moves the position over rows that the log withholds', async (subject) => {
      const split = await firstWith(subject, 2)
      await subject.withhold!(split)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        expectEqual(
          valuesOf(await reader.all([split])),
          valuesOf(testRows(2)),
          'the rows that are there',
        )
        const behind = reader.next.get(split.id)!
        expect(
          behind !== reader.rows[1]!.position,
          'a batch moves the position behind the last row',
        )
        await over(subject, [split], { after: behind }, async (port, after) => {
          expectEqual((await after.all([split])).length, 0, 'rows behind it')
          expect(
            port.lag(split.id) === 0 || port.lag(split.id) === undefined,
            'nothing is left behind it',
          )
        })
      })
    }),
    of('gives the rows behind withheld ones', async (subject) => {
      const split = await firstWith(subject, 2)
      await subject.withhold!(split)
      await subject.append(split, testRows(2, 2))
      await over(subject, [split], 'earliest', async (_port, reader) => {
        expectEqual(
          valuesOf(await reader.all([split])),
          valuesOf(testRows(4)),
          'the rows on both sides',
        )
      })
    }),
  ]
}

export function bounding(of: CaseOf<LogSubject>): ConformanceCase {
  return of('holds no more than its bounds while nobody polls', async (subject) => {
    const split = await firstWith(subject, 0)
    for (let i = 0; i < 40; i++) await subject.append(split, testRows(250, i * 250))
    await over(subject, [split], 'earliest', async (port, reader) => {
      await reader.until(() => reader.rows.length > 0, 'a first row', 1)
      for (let turn = 0; turn < 20; turn++) {
        const { rows, rowsMax, bytes, bytesMax } = subject.waiting!(port, split)
        expect(
          rows <= rowsMax && bytes <= bytesMax,
          `at most ${rowsMax} rows and ${bytesMax} bytes wait, not ${rows} and ${bytes}`,
        )
        await (subject.env ?? realEnv()).timers.sleep(2)
      }
      expectEqual(
        valuesOf(await reader.all([split])),
        valuesOf(testRows(10_000)),
        'all rows in the end',
      )
    })
  })
}

export function resharding(of: CaseOf<LogSubject>): Cases {
  return [
    of('says with its last batch that a split has ended', async (subject) => {
      const split = await firstWith(subject, 5)
      await subject.reshard!([split], 2)
      await over(subject, [split], 'earliest', async (port, reader) => {
        await reader.until(() => reader.ended.has(split.id), 'the end of the split', 2)
        expectEqual(valuesOf(reader.rows), valuesOf(testRows(5)), 'all rows before the end')
        expect(port.caughtUp(split.id), 'an ended split stays caught up')
        expectEqual(reader.take(10), 0, 'batches behind the end')
      })
    }),
    of('says so again when it is opened at the end', async (subject) => {
      const split = await firstWith(subject, 2)
      await subject.reshard!([split], 2)
      const end = await over(subject, [split], 'earliest', async (_port, reader) => {
        await reader.until(() => reader.ended.has(split.id), 'the end of the split')
        return reader.next.get(split.id)!
      })
      await over(subject, [split], { after: end }, async (_port, reader) => {
        await reader.until(() => reader.ended.has(split.id), 'the end of the split')
        expectEqual(reader.rows.length, 0, 'rows at the end')
      })
    }),
    of('tells a waiting caller that the split ends', async (subject) => {
      const split = await firstWith(subject, 1)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        await reader.all([split])
        const waits = reader.until(() => reader.ended.has(split.id), 'the end of the split')
        await subject.reshard!([split], 2)
        await waits
      })
    }),
  ]
}
