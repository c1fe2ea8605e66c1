/** What a task does as the wall clock goes on, and when it asks to be told. */
import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { App } from '@millrace/core'
import type { Processor, ProcessorContext } from '@millrace/core/operator'
import type { SinkPort } from '@millrace/core/sink'
import { fold } from '../../src/checkpoint/fold.ts'
import type { FoldedState } from '../../src/checkpoint/fold.ts'
import { Task } from '../../src/runtime/task.ts'
import type { Restored } from '../../src/runtime/task.ts'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import { CapturePort } from '../../src/testing/capture.ts'
import type { CapturedRow } from '../../src/testing/capture.ts'
import { TestBatch } from '../../src/testing/test-batch.ts'
import { sink, source } from './random-graph.ts'
import type { Item } from './random-graph.ts'

/** Takes what it is given, and says whether there is room for more. */
class Tub implements SinkPort {
  readonly values: unknown[] = []
  full = false
  open(): Promise<void> {
    return Promise.resolve()
  }
  write(_key: unknown, value: unknown): boolean {
    this.values.push(value)
    return !this.full
  }
  freeze(): readonly [] {
    return []
  }
  publish(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

function taskOf(app: App, now: number): { readonly task: Task; readonly tub: Tub } {
  const tub = new Tub()
  const [part] = app.topology().subTopologies
  const task = new Task({
    app: 'ticks',
    task: 'in/0',
    part: part!,
    splits: [{ id: 'in:0', topic: 'in', partition: 0 }],
    ports: new Map([['test:out', tub]]),
    onError: 'fail',
    now,
    random: () => 0.5,
    log: () => {},
    restored: undefined,
    state: new MemoryTaskState(),
  })
  return { task, tub }
}

function app(make: () => Processor<string, Item, string, string>, options = {}): App {
  const made = createApp({ id: 'ticks' })
  made
    .stream(source('in'))
    .eventTime((_v, _k, record) => record.timestamp, { idle: '100ms' })
    .process(make, { name: 'node', ...options })
    .to(sink('out'))
  return made
}

function rows(task: Task, first: number, values: readonly Item[]): void {
  const encoder = new TextEncoder()
  task.offer(
    new TestBatch(
      'in:0',
      first,
      values.map((value) => ({
        key: 'k',
        value: encoder.encode(JSON.stringify(value)),
        timestamp: value.n,
      })),
    ),
  )
  task.caughtUp('in:0', true)
}

const clocked = (): Processor<string, Item, string, string> => {
  let ctx: ProcessorContext<string, string>
  return {
    open(context) {
      ctx = context
      ctx.schedule(10, 'wallClock', (time) => ctx.forward('w', `wall ${time}`))
    },
    process: (key, value) => ctx.forward(key, `row ${value.n}`),
  }
}

describe('a task whose sink is full', () => {
  it('is not fed by the wall clock, and fires once for what was missed when there is room', () => {
    const { task, tub } = taskOf(app(clocked), 1_000)
    tub.full = true
    rows(task, 0, [{ n: 1, path: '' }])
    task.tick(1_000, 0)
    expect(task.run(10)).equal('full')
    for (const ms of [10, 20, 35]) task.tick(1_000 + ms, ms)
    expect(tub.values).deep.equal(['row 1'])
    expect(task.nextDue).equal(undefined)
    tub.full = false
    task.freeze()
    task.decided()
    task.tick(1_047, 47)
    expect(tub.values).deep.equal(['row 1', 'wall 1047'])
  })
})

describe('a task asks to be told the time', () => {
  it('when the next schedule by wall clock is due', () => {
    const { task } = taskOf(app(clocked), 1_000)
    task.tick(1_000, 5)
    expect(task.nextDue).equal(15)
    task.tick(1_012, 17)
    expect(task.nextDue).equal(25)
  })

  it('when a timer by processing time is due', () => {
    const make = (): Processor<string, Item, string, string> => {
      let ctx: ProcessorContext<string, string>
      return {
        open: (context) => void (ctx = context),
        process: (_key, value) => ctx.timer(value.n, 'processing'),
        onTimer: (key, time) => ctx.forward(key, `timer ${time}`),
      }
    }
    const { task, tub } = taskOf(app(make, { timers: true }), 0)
    task.tick(0, 0)
    rows(task, 0, [
      { n: 60, path: '' },
      { n: 40, path: '' },
    ])
    task.run(10)
    task.tick(1, 1)
    expect(task.nextDue).equal(40)
    task.tick(40, 40)
    task.run(10)
    expect(tub.values).deep.equal(['timer 40'])
    expect(task.nextDue).equal(60)
  })

  it('when silence may make a split idle', () => {
    const make = (): Processor<string, Item, string, string> => ({
      open: () => {},
      process: () => {},
    })
    const { task } = taskOf(app(make), 0)
    task.tick(0, 0)
    rows(task, 0, [{ n: 5, path: '' }])
    task.tick(20, 20)
    task.run(10)
    expect(task.nextDue).equal(121)
    task.tick(121, 121)
    expect(task.watermark).equal(106)
    expect(task.nextDue).equal(undefined)
  })
})

describe('a pass of timers and schedules', () => {
  it('goes on at its place when a commit and a crash come in between', () => {
    const timers = 5_000
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`)
    const made = createApp({ id: 'ticks' })
    made
      .stream(source('in'))
      .process<string, string>(
        () => {
          let ctx: ProcessorContext<string, string>
          return {
            open(context) {
              ctx = context
              for (const name of names)
                ctx.schedule(10, 'eventTime', (time) => {
                  for (let i = 0; i < 300; i++) ctx.forward(name, `${name} ${i}@${time}`)
                })
            },
            process: (_key, { n, path }) => (path === 'end' ? undefined : ctx.timer(100 + (n % 7))),
            onTimer: (key, time) => ctx.forward(key, `${key}@${time}`),
          }
        },
        { name: 'node', timers: true },
      )
      .to(sink('out'))
    const [part] = made.topology().subTopologies
    const encode = (n: number, path: string): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ n, path }))
    const log = Array.from({ length: timers }, (_, i) => ({
      key: `k${i}`,
      value: encode(i, ''),
      timestamp: 5,
    }))
    log.push({ key: 'end', value: encode(0, 'end'), timestamp: 1_005 })
    const run = (crashes: boolean): { values: readonly string[]; slices: number } => {
      const visible: CapturedRow[] = []
      const state: FoldedState = new Map()
      let restored: Restored | undefined
      let slices = 0
      const begin = (): Task => {
        const task = new Task({
          app: 'ticks',
          task: 'in/0',
          part: part!,
          splits: [{ id: 'in:0', topic: 'in', partition: 0 }],
          ports: new Map([['test:out', new CapturePort(visible)]]),
          onError: 'fail',
          random: () => 0.5,
          log: () => {},
          restored,
          state: new MemoryTaskState(),
        })
        const from = Number(restored?.positions.get('in:0') ?? 0)
        task.offer(new TestBatch('in:0', from, log.slice(from)))
        task.caughtUp('in:0', true)
        return task
      }
      let task = begin()
      for (;;) {
        task.tick(0, 0)
        const end = task.run(1_000_000)
        const frozen = task.freeze()
        fold(state, frozen.deltas)
        task.decided()
        restored = { positions: frozen.positions, watermarks: frozen.watermarks, state }
        if (end !== 'more') break
        slices++
        if (crashes) task = begin()
      }
      return { values: visible.map(({ value }) => value as string), slices }
    }
    const { values, slices } = run(true)
    expect(slices).to.be.above(6)
    expect(values).deep.equal(run(false).values)
    const scheduled = (at: number): readonly string[] =>
      names.flatMap((name) => Array.from({ length: 300 }, (_, i) => `${name} ${i}@${at}`))
    expect(values.slice(0, 6_000)).members(scheduled(5))
    expect(values.slice(-6_000)).members(scheduled(1_005))
    const fired = values.slice(6_000, -6_000)
    expect(new Set(fired).size).equal(timers)
    expect(fired).to.have.length(timers)
  })
})
