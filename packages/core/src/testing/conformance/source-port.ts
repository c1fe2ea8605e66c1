/**
 * What every SourcePort must do. Recovery stands on the second group: a source opened at a stored
 * position gives exactly the rows behind it, not one less and not one twice, for every position it
 * ever gave out.
 *
 * Sources that end (files, generators) leave out the cases about rows that come later; logs with
 * shards give `reshard` and run those about ends.
 */
import type { SourcePort } from '../../log/source-port.ts'
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual, expectRejected } from './expect.ts'
import { firstWith, over, Reading, splitsOf, testRows, valuesOf } from './log-subject.ts'
import type { LogSubject, LogSupport, TestRow } from './log-subject.ts'
import { bounding, resharding, tailing, withholding } from './source-port-moving.ts'

/**
 * Which cases there are depends on what the log can do, so that is known before a subject is made.
 */
export interface SourcePortSuiteOptions {
  readonly supports: LogSupport
  readonly withholds?: boolean
  readonly reshards?: boolean
  readonly showsWaiting?: boolean
}

export function sourcePortSuite(
  make: () => Promise<LogSubject>,
  options: SourcePortSuiteOptions,
): readonly ConformanceCase[] {
  const of = casesOver(make)
  const { supports } = options
  return [
    ...reading(of),
    ...resuming(of),
    ...ending(of),
    ...(supports.records ? [...records(of), ...several(of)] : []),
    ...(supports.tail ? tailing(of) : []),
    ...(supports.startAtTime ? [startingAtTime(of)] : []),
    ...(supports.purge ? purging(of) : []),
    ...(options.withholds === true ? withholding(of) : []),
    ...(options.showsWaiting === true ? [bounding(of)] : []),
    ...(options.reshards === true ? resharding(of) : []),
  ]
}

type Cases = readonly ConformanceCase[]

function reading(of: CaseOf<LogSubject>): Cases {
  return [
    of('gives the rows of a split in order', async (subject) => {
      const split = await firstWith(subject, 10)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        expectEqual(
          valuesOf(await reader.all([split])),
          valuesOf(testRows(10)),
          'all rows in order',
        )
      })
    }),
    of('gives at most as many rows as were asked for, and none twice', async (subject) => {
      const split = await firstWith(subject, 10)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        expectEqual(
          valuesOf(await reader.all([split], 3)),
          valuesOf(testRows(10)),
          'all rows in order',
        )
      })
    }),
    of('keeps the rows of a paused split, and gives them when it goes on', async (subject) => {
      const split = await firstWith(subject, 4)
      await over(subject, [split], 'earliest', async (port, reader) => {
        port.pause(split.id, true)
        for (let i = 0; i < 5; i++) expectEqual(reader.take(10), 0, 'batches of a paused split')
        port.pause(split.id, false)
        expectEqual(valuesOf(await reader.all([split])), valuesOf(testRows(4)), 'all rows')
      })
    }),
    of('resolves ready when the signal aborts', async (subject) => {
      const split = await firstWith(subject, 0)
      await over(subject, [split], 'earliest', async (port, reader) => {
        await reader.all([split])
        const controller = new AbortController()
        const waits = drainReady(port, controller.signal)
        controller.abort()
        await waits
      })
    }),
    of('knows how far it is behind, or says that it does not', async (subject) => {
      const split = await firstWith(subject, 5)
      await over(subject, [split], 'earliest', async (port, reader) => {
        await reader.all([split])
        const lag = port.lag(split.id)
        expect(lag === 0 || lag === undefined, 'a lag of 0 behind everything')
      })
    }),
  ]
}

function resuming(of: CaseOf<LogSubject>): Cases {
  return [
    of('gives exactly the rest from the position of any row', async (subject) => {
      const split = await firstWith(subject, 8)
      const rows = await over(
        subject,
        [split],
        'earliest',
        async (_port, reader) => await reader.all([split]),
      )
      for (let i = 0; i < rows.length; i++) {
        await over(subject, [split], { after: rows[i]!.position }, async (_port, reader) => {
          expectEqual(
            valuesOf(await reader.all([split])),
            valuesOf(testRows(8).slice(i + 1)),
            `the rows behind row ${i}`,
          )
        })
      }
    }),
    of('gives exactly the rest from behind any batch', async (subject) => {
      const split = await firstWith(subject, 8)
      for (let batches = 1; batches <= 4; batches++) {
        const got: (string | null)[] = []
        const stopped = await over(subject, [split], 'earliest', async (port, reader) => {
          const enough = (): boolean => reader.batches >= batches || port.caughtUp(split.id)
          await reader.until(enough, 'batches of two', 2)
          got.push(...valuesOf(reader.rows))
          return reader.next.get(split.id)!
        })
        await over(subject, [split], { after: stopped }, async (_port, reader) => {
          got.push(...valuesOf(await reader.all([split])))
        })
        expectEqual(got, valuesOf(testRows(8)), 'all rows once')
      }
    }),
    of('gives nothing at the end that the admin names', async (subject) => {
      const split = await firstWith(subject, 5)
      const end = (await subject.log.admin.ends(subject.topic)).get(split.id)!
      await over(subject, [split], { after: end }, async (_port, reader) => {
        expectEqual(valuesOf(await reader.all([split])), [], 'rows behind the end')
      })
    }),
    of('refuses a position that the log does not have', async (subject) => {
      const split = await firstWith(subject, 3)
      const port = subject.log.source(subject.topic)
      const end = (await subject.log.admin.ends(subject.topic)).get(split.id)!
      const beyond = /^\d+$/.test(end) ? String(Number(end) + 1000) : `${end}x`
      await expectRejected(
        'MILLRACE_POSITION_GONE',
        () => port.open(split, { after: beyond }),
        'a position beyond the end',
      )
      await port.close(split.id)
    }),
    of('opens a split again after it was closed', async (subject) => {
      const split = await firstWith(subject, 4)
      const port = subject.log.source(subject.topic)
      for (let round = 0; round < 2; round++) {
        await port.open(split, 'earliest')
        expectEqual(
          valuesOf(await new Reading(subject, port).all([split])),
          valuesOf(testRows(4)),
          'all rows',
        )
        await port.close(split.id)
      }
    }),
    of('lets two ports read the same split, each at its own pace', async (subject) => {
      const split = await firstWith(subject, 6)
      await over(subject, [split], 'earliest', async (_one, first) => {
        await first.until(() => first.rows.length >= 2, 'two rows', 1)
        await over(subject, [split], 'earliest', async (_two, second) => {
          expectEqual(
            valuesOf(await second.all([split])),
            valuesOf(testRows(6)),
            'all rows for the second',
          )
        })
        expectEqual(
          valuesOf(await first.all([split])),
          valuesOf(testRows(6)),
          'all rows for the first',
        )
      })
    }),
  ]
}

function ending(of: CaseOf<LogSubject>): Cases {
  return [
    of('is caught up only behind the last row', async (subject) => {
      const split = await firstWith(subject, 3)
      const port = subject.log.source(subject.topic)
      expect(!port.caughtUp(split.id), 'not caught up before it was opened')
      await port.open(split, 'earliest')
      const reader = new Reading(subject, port)
      for (let row = 0; row < 3; row++) {
        expect(!port.caughtUp(split.id), `not caught up before row ${row} was polled`)
        await reader.until(() => reader.rows.length > row, `row ${row}`, 1)
      }
      await reader.all([split])
      await port.close(split.id)
    }),
    of('catches up with an empty split', async (subject) => {
      const split = await firstWith(subject, 0)
      await over(subject, [split], 'earliest', async (_port, reader) => {
        expectEqual((await reader.all([split])).length, 0, 'rows of an empty split')
      })
    }),
  ]
}

function records(of: CaseOf<LogSubject>): Cases {
  return [
    of('gives key, value and time as they were written, nulls included', async (subject) => {
      const rows: readonly TestRow[] = [
        { key: 'a', value: '1', timestamp: 5 },
        { key: null, value: '2', timestamp: 3 },
        { key: 'a', value: null, timestamp: 4 },
        { key: '', value: '', timestamp: 0 },
      ]
      const [split] = await splitsOf(subject)
      await subject.append(split!, rows)
      await over(subject, [split!], 'earliest', async (_port, reader) => {
        const got = (await reader.all([split!])).map(({ key, value, timestamp }) => ({
          key,
          value,
          timestamp,
        }))
        expectEqual(got, [...rows], 'the rows')
      })
    }),
  ]
}

function several(of: CaseOf<LogSubject>): Cases {
  return [
    of(
      'reads several splits, each in order, and names the split of each batch',
      async (subject) => {
        const splits = (await splitsOf(subject)).slice(0, 2)
        await subject.append(splits[0]!, testRows(5))
        await subject.append(splits[1]!, testRows(5, 100))
        await over(subject, splits, 'earliest', async (_port, reader) => {
          const rows = await reader.all(splits, 2)
          for (const [i, from] of [0, 100].entries()) {
            const own = rows.filter((row) => row.split === splits[i]!.id)
            expectEqual(valuesOf(own), valuesOf(testRows(5, from)), `rows of split ${i}`)
          }
        })
      },
    ),
    of('gives rows of other splits while one is paused', async (subject) => {
      const splits = (await splitsOf(subject)).slice(0, 2)
      for (const split of splits) await subject.append(split, testRows(3))
      await over(subject, splits, 'earliest', async (port, reader) => {
        port.pause(splits[0]!.id, true)
        await reader.until(() => port.caughtUp(splits[1]!.id), 'the other split is caught up')
        expectEqual(
          reader.rows.filter((row) => row.split === splits[0]!.id).length,
          0,
          'rows of the paused split',
        )
        port.pause(splits[0]!.id, false)
        expectEqual((await reader.all(splits)).length, 6, 'rows of both')
      })
    }),
  ]
}

function startingAtTime(of: CaseOf<LogSubject>): ConformanceCase {
  return of('starts at the first row that is not older than the given time', async (subject) => {
    const split = await firstWith(subject, 6)
    await over(subject, [split], { at: testRows(6)[3]!.timestamp }, async (_port, reader) => {
      expectEqual(
        valuesOf(await reader.all([split])),
        valuesOf(testRows(3, 3)),
        'the rows from that time on',
      )
    })
    await over(subject, [split], { at: testRows(6)[5]!.timestamp + 1 }, async (_port, reader) => {
      expectEqual((await reader.all([split])).length, 0, 'rows newer than the newest')
    })
  })
}

function purging(of: CaseOf<LogSubject>): Cases {
  return [
    of('refuses a position that was purged, and starts at what is left', async (subject) => {
      const split = await firstWith(subject, 6)
      const rows = await over(
        subject,
        [split],
        'earliest',
        async (_port, reader) => await reader.all([split]),
      )
      await subject.log.admin.purge(split.id, rows[3]!.position)
      const port = subject.log.source(subject.topic)
      await expectRejected(
        'MILLRACE_POSITION_GONE',
        () => port.open(split, { after: rows[0]!.position }),
        'a purged position',
      )
      await port.close(split.id)
      for (const from of ['earliest', { after: rows[3]!.position }] as const) {
        await over(subject, [split], from, async (_port, reader) => {
          expectEqual(
            valuesOf(await reader.all([split])),
            valuesOf(testRows(2, 4)),
            `the rest from ${JSON.stringify(from)}`,
          )
        })
      }
    }),
  ]
}

/** Waits until ready resolves by nothing but the signal. */
async function drainReady(port: SourcePort, signal: AbortSignal): Promise<void> {
  do await port.ready(signal)
  while (!signal.aborted)
}
