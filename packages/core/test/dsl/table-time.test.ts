// A table that has nothing new to say does not hold up the time of the streams it is joined with.
import { expect } from 'chai'
import { createApp, embedded, json, string, tumbling } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

describe('a table that is silent at its end', () => {
  it('lets windows below its joins close', () => {
    const app = createApp({ id: 'quiet' })
    const serdes = { key: string(), value: json<number>() }
    const table = embedded<string, number>('table', serdes)
    const rows = embedded<string, number>('rows', serdes)
    const out = sink<number>('out')
    app
      .stream(rows)
      .leftJoin(app.table(table), (left) => left)
      .groupByKey()
      .windowedBy(tumbling('10s'))
      .emit('close')
      .count()
      .toStream()
      .to(out)
    const driver = new TestDriver(app)
    driver.createInputTopic(table).pipeInput('a', 1, 100)
    const input = driver.createInputTopic(rows)
    driver.advanceWallClockTime('1s')
    input.pipeInput('a', 1, 1_000)
    driver.advanceWallClockTime('1s')
    input.pipeInput('a', 1, 25_000)
    driver.advanceWallClockTime('1s')
    const shown = driver.createOutputTopic<{ start: number }, number>(out).readRecordsToList()
    expect(shown.map(({ key, value }) => [key.start, value])).deep.equal([[0, 1]])
  })
})
