/** Windows over splits of which some, or all, fall silent. */
import { expect } from 'chai'
import { createApp, tumbling } from '@millrace/core'
import type { Windowed } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from './random-graph.ts'
import type { Item } from './random-graph.ts'

/** Two sources meet in one task, as two splits do, and are counted in windows of 100 ms. */
function counting() {
  const app = createApp({ id: 'idle' })
  const timed = (topic: string) =>
    app.stream(source(topic)).eventTime((_v, _k, record) => record.timestamp, { idle: '50ms' })
  timed('a')
    .merge(timed('b'))
    .groupByKey()
    .windowedBy(tumbling('100ms'))
    .emit('close')
    .count({ name: 'counts' })
    .toStream()
    .to(sink('out'))
  const driver = new TestDriver(app)
  return {
    driver,
    row: (topic: string, time: number) =>
      driver.createInputTopic<string, Item>(topic).pipeInput('k', { n: 0, path: '' }, time),
    wall: (ms: number) => driver.advanceWallClockTime(ms),
    get closed() {
      return driver
        .createOutputTopic<Windowed<string>, number>('test:out')
        .readKeyValuesToList()
        .map(([{ start, end }, count]) => `[${start}, ${end}) ${count}`)
    },
  }
}

describe('windows', () => {
  it('wait for a split that has sent nothing, and close once it is idle', () => {
    const run = counting()
    for (const time of [10, 20, 120]) run.row('a', time)
    run.wall(50)
    run.row('a', 130)
    expect(run.closed).deep.equal([])
    run.wall(1)
    expect(run.closed).deep.equal(['[0, 100) 2'])
  })

  it('close without further rows when all splits are idle', () => {
    const run = counting()
    run.row('a', 10)
    run.row('b', 20)
    run.wall(80)
    expect(run.closed).deep.equal([])
    run.wall(10)
    expect(run.closed).deep.equal(['[0, 100) 2'])
  })

  it('take rows of a split that returns as late, not as a reason to open again', () => {
    const run = counting()
    run.row('a', 10)
    run.row('b', 20)
    run.wall(90)
    expect(run.closed).deep.equal(['[0, 100) 2'])
    run.row('b', 30)
    run.row('b', 150)
    run.row('a', 160)
    run.row('b', 210)
    expect(run.closed).deep.equal([])
    run.row('a', 205)
    expect(run.closed).deep.equal(['[100, 200) 2'])
    expect(run.driver.counters('counts')).include({ late: 1, conserved: true })
  })
})
