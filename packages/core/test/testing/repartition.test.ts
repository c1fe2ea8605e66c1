// Rows that cross a repartition log under the test driver: nothing of the crossing shows in the rows, and T comes with them.
import { expect } from 'chai'
import { createApp, embedded, json, string } from '../../src/index.ts'
import type { Processor, ProcessorContext } from '../../src/processors/processor.ts'
import { TestDriver } from '../../src/testing/index.ts'

interface Seen {
  readonly key: string
  readonly time: number
  readonly watermark: number
}

/** Notes what it sees of a row and of T. */
function watch(seen: Seen[], moves: number[]): () => Processor<string, number, string, number> {
  return () => {
    let ctx: ProcessorContext<string, number>
    return {
      open: (context) => void (ctx = context),
      process: (key, value, row) => {
        seen.push({ key, time: row.time, watermark: ctx.watermark() })
        ctx.forward(key, value)
      },
      advance: (watermark) => void moves.push(watermark),
    }
  }
}

function build(options: { outOfOrder?: '10ms'; idle?: '1s' } = {}) {
  const seen: Seen[] = []
  const moves: number[] = []
  const app = createApp({ id: 'cross' })
  const source = embedded<string, number>('in', { key: string(), value: json<number>() })
  const out = embedded<string, number>('out', { key: string(), value: json<number>() })
  app
    .stream(source)
    .eventTime((value) => value, options)
    .keyBy((value): string => (value % 2 === 0 ? 'even' : 'odd'))
    .repartition({ key: string(), value: json() })
    .processValues(watch(seen, moves))
    .to(out.sink)
  return { app, source, out, seen, moves }
}

describe('rows that cross a repartition log', () => {
  it('keep key, value, time and their own headers, and show no other', () => {
    const { app, source, out } = build()
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    const headers = new Map([['who', Uint8Array.of(7)]])
    input.pipeRecord({ key: 'a', value: 3, headers })
    input.pipeInput('b', 4)
    const rows = driver.createOutputTopic(out.sink).readRecordsToList()
    expect(rows.map(({ key, value, timestamp }) => [key, value, timestamp])).to.eql([
      ['odd', 3, 3],
      ['even', 4, 4],
    ])
    expect([...rows[0]!.headers!.keys()]).to.eql(['who'])
    expect(rows[1]!.headers).to.equal(undefined)
  })

  it('find the T that their sender had, and T moves behind them as it did there', () => {
    const { app, source, seen, moves } = build({ outOfOrder: '10ms' })
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    for (const value of [100, 130, 120, 200]) input.pipeInput('a', value)
    expect(seen.map(({ time, watermark }) => [time, watermark])).to.eql([
      [100, -Infinity],
      [130, 90],
      [120, 120],
      [200, 120],
    ])
    expect(moves).to.eql([90, 120, 190])
  })

  it('wait for the T of every task that writes to their log', () => {
    const { app, source, moves } = build()
    const driver = new TestDriver(app, { partitions: 2 })
    const input = driver.createInputTopic(source)
    input.pipeInput('a', 100, undefined, 0)
    expect(moves).to.eql([])
    input.pipeInput('a', 50, undefined, 1)
    expect(moves).to.eql([50, 50])
    input.pipeInput('a', 80, undefined, 1)
    expect(moves).to.eql([50, 50, 80, 80])
  })

  it('are not waited for from a task whose inputs are silent', () => {
    const { app, source, moves } = build({ idle: '1s' })
    const driver = new TestDriver(app, { partitions: 2 })
    const input = driver.createInputTopic(source)
    driver.advanceWallClockTime(1)
    input.pipeInput('a', 100, undefined, 0)
    driver.advanceWallClockTime(500)
    input.pipeInput('a', 110, undefined, 0)
    expect(moves).to.eql([])
    driver.advanceWallClockTime(700)
    expect(moves).to.eql([110, 110])
  })

  it('are not sent again behind a crash, and T is where it was', () => {
    const { app, source, seen, moves, out } = build()
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    input.pipeInput('a', 100)
    driver.crash()
    input.pipeInput('a', 50)
    expect(seen.map(({ time, watermark }) => [time, watermark])).to.eql([
      [100, -Infinity],
      [50, 100],
    ])
    expect(moves.at(-1)).to.equal(100)
    expect(driver.createOutputTopic(out.sink).readValuesToList()).to.eql([100, 50])
  })

  it('have a key, unless a join behind wants those without', () => {
    const app = createApp({ id: 'nulls' })
    const source = embedded<string, number>('in', { key: string(), value: json<number>() })
    app
      .stream(source)
      .keyBy(() => null as unknown as string)
      .repartition({ name: 'by-nothing' })
      .foreach(() => {})
    const driver = new TestDriver(app)
    driver.createInputTopic(source).pipeInput('a', 1)
    expect(driver.counters('by-nothing-repartition-out').reasons).to.eql(new Map([['null-key', 1]]))
  })
})
