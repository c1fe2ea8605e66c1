import { expect } from 'chai'
import {
  createApp,
  failOnInvalidTime,
  partitionTimeOnInvalid,
  skipInvalidTime,
  wallClockTime,
} from '@millrace/core'
import type { EventTimeOptions, RecordTime } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

type Extractor = (value: Item, key: string, record: RecordTime) => number

function run(time: Extractor, options: EventTimeOptions = {}, partitions = 1) {
  const app = createApp({ id: 'extracting', onError: { deadLetter: sink('dead') } })
  app
    .stream(source('in'))
    .eventTime(time, { name: 'times', ...options })
    .to(sink('out'))
  const driver = new TestDriver(app, { partitions, startTime: 1_000 })
  const input = driver.createInputTopic<string, Item>('in')
  return {
    driver,
    row: (n: number, timestamp: number, partition = 0) =>
      input.pipeInput('k', { n, path: '' }, timestamp, partition),
    get times() {
      return driver
        .createOutputTopic<string, Item>('test:out')
        .readRecordsToList()
        .map(({ timestamp }) => timestamp)
    },
    get dead() {
      return driver
        .createOutputTopic<string, { code: string; error: string }>('dead-letter:test:dead')
        .readValuesToList()
    },
  }
}

describe('the event time of a row', () => {
  it('may come from the record, and from the highest time of its split', () => {
    const seen: number[] = []
    const rows = run(({ n }, _key, { timestamp, partitionTime }) => {
      seen.push(timestamp, partitionTime)
      return n
    })
    for (const [n, timestamp] of [
      [20, 3],
      [10, 4],
      [-1, 5],
      [25, 6],
      [1, 7],
    ] as const)
      rows.row(n, timestamp)
    expect(seen).deep.equal([3, -1, 4, 20, 5, 20, 6, 20, 7, 25])
    expect(rows.times).deep.equal([20, 10, 25, 1])
  })

  it('knows the highest time of each split by itself, behind a crash, too', () => {
    const seen: number[] = []
    const rows = run(
      ({ n }, _key, { partitionTime }) => {
        seen.push(partitionTime)
        return n
      },
      {},
      2,
    )
    rows.row(50, 0, 0)
    rows.row(7, 0, 1)
    rows.driver.crash()
    rows.row(60, 0, 0)
    rows.row(8, 0, 1)
    expect(seen).deep.equal([-1, -1, 50, 7])
  })

  it('below 0 drops the row, and moves no clock', () => {
    const rows = run(({ n }) => n)
    for (const n of [5, -1, -5_000]) rows.row(n, 0)
    expect(rows.times).deep.equal([5])
    expect(rows.driver.counters('times').reasons).deep.equal(new Map([['invalid-time', 2]]))
  })

  it('that is no whole number is an error of its function', () => {
    const rows = run(({ n }) => (n === 3 ? NaN : n / 2))
    for (const n of [2, 1, 3]) rows.row(n, 0)
    expect(rows.times).deep.equal([1])
    expect(rows.dead.map(({ code }) => code)).deep.equal([
      'MILLRACE_INVALID_TIME',
      'MILLRACE_INVALID_TIME',
    ])
  })

  it('too far ahead of the wall clock harms nobody', () => {
    const rows = run(({ n }) => n, { future: '100ms', outOfOrder: '10ms' })
    for (const n of [990, 1_101, 9_999_999, 985, 1_100]) rows.row(n, 0)
    expect(rows.times).deep.equal([990, 985, 1_100])
    expect(rows.dead.map(({ code }) => code)).deep.equal(['MILLRACE_FUTURE', 'MILLRACE_FUTURE'])
    expect(rows.driver.counters('times')).include({ deadLettered: 2, conserved: true })
  })
})

describe('ready-made event times', () => {
  const outcome = (time: Extractor): { times: readonly number[]; dead: readonly string[] } => {
    const rows = run(time)
    for (const timestamp of [-1, 5, -1, 9, 3, -7]) rows.row(0, timestamp)
    return { times: rows.times, dead: rows.dead.map(({ code }) => code) }
  }
  const invalid = 'MILLRACE_INVALID_TIME'

  it('failOnInvalidTime: a record without a time is an error', () => {
    expect(outcome(failOnInvalidTime)).deep.equal({
      times: [5, 9, 3],
      dead: [invalid, invalid, invalid],
    })
  })

  it('skipInvalidTime: it is dropped', () => {
    expect(outcome(skipInvalidTime)).deep.equal({ times: [5, 9, 3], dead: [] })
  })

  it('partitionTimeOnInvalid: it has the highest time of its split, once there is one', () => {
    expect(outcome(partitionTimeOnInvalid)).deep.equal({ times: [5, 5, 9, 3, 9], dead: [invalid] })
  })

  it('wallClockTime: event time is processing time', () => {
    expect(outcome(wallClockTime).times).deep.equal(Array(6).fill(1_000))
  })

  it('none: a record without a time is dropped', () => {
    const app = createApp({ id: 'plain' })
    app.stream(source('in')).to(sink('out'))
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    for (const time of [-1, 4]) input.pipeInput('k', { n: 0, path: '' }, time)
    expect(driver.createOutputTopic('test:out').queueSize).equal(1)
    expect(driver.counters('in').reasons).deep.equal(new Map([['invalid-time', 1]]))
  })
})
