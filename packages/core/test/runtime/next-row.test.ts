import { expect } from 'chai'
import { createApp } from '@millrace/core'
import { Task } from '../../src/runtime/task.ts'
import { sinksOf } from '../../src/runtime/wiring.ts'
import { CapturePort } from '../../src/testing/capture.ts'
import type { CapturedRow } from '../../src/testing/capture.ts'
import { TestBatch } from '../../src/testing/test-batch.ts'
import { sink, source } from './random-graph.ts'

/** A task over two topics, as a driver sees it. */
function twoTopics(): {
  task: Task
  rows: CapturedRow[]
  offer: (topic: string, first: number, times: readonly number[]) => void
} {
  const app = createApp({ id: 'merging' })
  app
    .stream(source('b'))
    .merge(app.stream(source('a')))
    .to(sink('out'))
  const part = app.topology().subTopologies[0]!
  const rows: CapturedRow[] = []
  const ports = new Map(
    [...sinksOf(part, 'fail').keys()].map((name) => [name, new CapturePort(rows)]),
  )
  const splits = ['a', 'b'].map((topic) => ({ id: `${topic}:0`, topic, partition: 0 }))
  const task = new Task({
    app: 'x',
    task: 't',
    part,
    splits,
    ports,
    onError: 'fail',
    random: () => 0.5,
    log: () => {},
    restored: undefined,
  })
  const encode = (text: string): Uint8Array => new TextEncoder().encode(JSON.stringify(text))
  const offer = (topic: string, first: number, times: readonly number[]): void =>
    task.offer(
      new TestBatch(
        `${topic}:0`,
        first,
        times.map((timestamp, i) => ({
          key: null,
          value: encode(`${topic}${first + i}`),
          timestamp,
        })),
      ),
    )
  return { task, rows, offer }
}

describe('the next row', () => {
  it('is the one with the lowest (event time, topic, partition) over the heads of the splits', () => {
    const { task, rows, offer } = twoTopics()
    offer('b', 0, [10, 5, 30])
    offer('a', 0, [10, 20, 40])
    task.caughtUp('a:0', true)
    task.caughtUp('b:0', true)
    expect(task.run(100)).equal('caught-up')
    task.freeze()
    expect(rows.map(({ value }) => value)).deep.equal(['a0', 'b0', 'b1', 'a1', 'b2', 'a2'])
  })

  it('waits for a split that is empty and not known to be caught up', () => {
    const { task, rows, offer } = twoTopics()
    offer('a', 0, [10])
    expect(task.run(100)).equal('starved')
    task.freeze()
    expect(rows).length(0)
    task.caughtUp('b:0', true)
    expect(task.run(100)).equal('starved') // a is empty now, and may hold more
    task.freeze()
    expect(rows).length(1)
  })

  it('covers in its position what ended before its turn, and nothing more', () => {
    const { task, offer } = twoTopics()
    offer('a', 0, [-1, 10, -1, 20])
    task.run(1)
    expect(task.freeze().positions.get('a:0')).equal('1') // the first row has no legal time: dropped in its turn
    task.caughtUp('b:0', true)
    task.run(1)
    expect(task.freeze().positions.get('a:0')).equal('2')
    task.run(100)
    expect(task.freeze().positions.get('a:0')).equal('4')
  })

  it('lets no row end in the prefix before the splits in front of its own are known', () => {
    const { task, offer } = twoTopics()
    offer('b', 0, [-1])
    expect(task.run(100)).equal('starved')
    expect(task.freeze().positions.get('b:0')).equal(undefined)
    task.caughtUp('a:0', true)
    task.run(100)
    expect(task.freeze().positions.get('b:0')).equal('1')
  })

  it('may be no row at all: a batch of none moves the position', () => {
    const { task } = twoTopics()
    expect(task.changed).equal(false)
    task.offer(new TestBatch('a:0', 7, []))
    task.run(1)
    expect(task.changed).equal(true)
    expect(task.freeze().positions.get('a:0')).equal('7')
  })
})
