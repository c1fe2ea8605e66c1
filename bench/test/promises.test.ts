// Law 8 by counting: promises belong to turns, polls and commits, never to rows. No clock in it, so no machine is too slow.
import { createApp, generator } from '@millrace/core'
import type { KStream } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { expect } from 'chai'
import { Checksum } from '../src/checksum.ts'
import { passThrough1, passThrough8 } from '../src/pass-through.ts'
import { promisesDuring } from '../src/promises.ts'
import { makeRows } from '../src/rows.ts'
import type { Event } from '../src/rows.ts'
import { runApp } from '../src/run-app.ts'
import type { Workload } from '../src/workload.ts'

const rows = makeRows(40_000)
const rowsPerTurn = 1_000

describe('promises per record', () => {
  before(() => inApp(passThrough1, 2_000)) // what is loaded on first use makes promises of its own

  for (const splits of [1, 6]) {
    it(`are at most four a turn of the worker's loop, over ${splits} splits`, async () => {
      const few = await inApp(passThrough8, 10_000, splits)
      const many = await inApp(passThrough8, 40_000, splits)
      const turns = 30_000 / rowsPerTurn
      expect(many - few, `${few} for 10,000 rows, ${many} for 40,000`).to.be.at.most(4 * turns)
      expect(many / 40_000).to.be.below(0.02)
    })
  }

  it('fall when a run has more records, since starting and stopping make most of them', async () => {
    const perRecord: number[] = []
    for (const count of [2_500, 10_000, 40_000])
      perRecord.push((await inApp(passThrough8, count)) / count)
    expect(perRecord[1]!).to.be.below(perRecord[0]!)
    expect(perRecord[2]!).to.be.below(perRecord[1]!)
  })

  it('do not depend on the number of operators', async () => {
    const one = await inApp(passThrough1, 20_000)
    const eight = await inApp(passThrough8, 20_000)
    expect(Math.abs(eight - one), `${one} for one operator, ${eight} for eight`).to.be.at.most(8)
  })

  it('are none inside the task, for ten rows and for ten thousand', async () => {
    expect(await inTask(10)).to.equal(0)
    expect(await inTask(10_000)).to.equal(0)
  })
})

/** A commit has promises, too, and they follow the clock: an hour keeps all but the last one out. */
function inApp(workload: Workload, count: number, splits = 1): Promise<number> {
  const build = (stream: KStream<string, Event>): void => workload.build(stream, new Checksum())
  return promisesDuring(() => runApp({ rows: rows.slice(0, count), build, splits, every: '1h' }))
}

/** Offer, run and freeze, and nothing around them: the test driver's verbs are synchronous. */
async function inTask(count: number): Promise<number> {
  const sum = new Checksum()
  const app = createApp({ id: 'bench' })
  const source = generator<Event, string>({ name: 'rows', rows: 0, make: (index) => rows[index]! })
  passThrough8.build(app.stream(source), sum)
  const topic = new TestDriver(app).createInputTopic(source)
  const promises = await promisesDuring(() => {
    topic.pipeRecordList(rows.slice(0, count))
  })
  expect(sum.rows).to.equal(count)
  return promises
}
