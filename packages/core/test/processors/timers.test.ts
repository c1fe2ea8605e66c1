import { expect } from 'chai'
import { createApp, string } from '@millrace/core'
import type { App } from '@millrace/core'
import type { Processor, ProcessorContext } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

type Context = ProcessorContext<string, string>
type Timing = Processor<string, Item, string, string>

interface Functions {
  readonly row: (ctx: Context, n: number, time: number, key: string) => void
  readonly timer?: (ctx: Context, key: string, time: number) => void
  readonly fixed?: boolean
  readonly outOfOrder?: '5ms'
}

function timing({ row, timer, fixed, outOfOrder }: Functions): App {
  const app = createApp({ id: 'timing' })
  const stream = app.stream(source('in')).eventTime((_v, _k, record) => record.timestamp, {
    idle: '50ms',
    ...(outOfOrder === undefined ? {} : { outOfOrder }),
  })
  const make = (): Timing => {
    let ctx: Context
    return {
      open: (context) => void (ctx = context),
      process: (key, value, { time }) => row(ctx, value.n, time, key),
      onTimer: (key, time, kind) =>
        timer === undefined ? ctx.forward(key, kind) : timer(ctx, key, time),
    }
  }
  const out =
    fixed === true
      ? stream.processValues(make, { name: 'timing', timers: true })
      : stream.process(make, { name: 'timing', timers: string() })
  out.to(sink('out'))
  return app
}

function run(app: App): {
  readonly row: (key: string, time: number, n?: number) => void
  readonly out: readonly string[]
  readonly driver: TestDriver
} {
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  return {
    driver,
    row: (key, time, n = 0) => input.pipeInput(key, { n, path: '' }, time),
    get out() {
      return driver
        .createOutputTopic<string, string>('test:out')
        .readRecordsToList()
        .map(({ key, value, timestamp }) => `${key} ${value}@${timestamp}`)
    },
  }
}

describe('a timer by event time', () => {
  it('fires once behind the row that moves T past its time, by time and then by key', () => {
    const { row, out } = timed({ row: (ctx, _n, time) => setAll(ctx, [time + 10, time + 10]) })
    row('b', 0)
    row('a', 0)
    row('c', 10)
    expect(out()).deep.equal([])
    row('c', 11)
    expect(out()).deep.equal(['a event@10', 'b event@10'])
    row('c', 100)
    expect(out()).deep.equal(['c event@20', 'c event@21'])
  })

  it('of the past waits for the row to move T, else for the next one', () => {
    const { row, out } = timed({
      row: (ctx, n, time, key) => {
        ctx.timer(time - 30)
        ctx.forward(key, `row ${n}`)
      },
    })
    row('a', 100, 1)
    expect(out()).deep.equal(['a row 1@100', 'a event@70'])
    row('b', 90, 2)
    expect(out()).deep.equal(['b row 2@90'])
    row('c', 101, 3)
    expect(out()).deep.equal(['c row 3@101', 'b event@60', 'c event@71'])
  })

  it('set by a timer and already due fires in the same pass, in its place', () => {
    const { row, out } = timed({
      row: (ctx, n, time) => (n === 1 ? setAll(ctx, [time + 10, time + 25]) : undefined),
      timer: (ctx, key, time) => {
        ctx.forward(key, 'fired')
        if (time % 10 === 0 && time < 60) ctx.timer(time + 10)
      },
    })
    row('a', 0, 1)
    row('b', 45)
    expect(out()).deep.equal([10, 20, 25, 30, 40].map((time) => `a fired@${time}`))
    row('b', 100)
    expect(out()).deep.equal(['a fired@50', 'a fired@60'])
  })

  it('that is deleted does not fire, and one that fired can be set again', () => {
    const { row, out } = timed({
      row: (ctx, n, time) => {
        if (n === 1) ctx.timer(500)
        if (n === 2) ctx.deleteTimer(500)
        if (n === 3) ctx.timer(time - 1)
      },
    })
    row('a', 1, 1)
    row('b', 2, 1)
    row('a', 3, 2)
    row('c', 600)
    expect(out()).deep.equal(['b event@500'])
    row('b', 601, 1)
    expect(out()).deep.equal(['b event@500'])
  })

  it('waits for as long as rows may come out of order', () => {
    const { row, out } = timed({
      outOfOrder: '5ms',
      row: (ctx, n, time) => (n === 1 ? ctx.timer(time) : undefined),
    })
    row('a', 10, 1)
    row('b', 15)
    expect(out()).deep.equal([])
    row('b', 16)
    expect(out()).deep.equal(['a event@10'])
  })

  it('fires when silence lets T go on', () => {
    const { row, out, driver } = timed({ row: (ctx, _n, time) => ctx.timer(time + 40) })
    row('a', 10)
    driver.advanceWallClockTime(50)
    expect(out()).deep.equal([])
    driver.advanceWallClockTime(1)
    expect(out()).deep.equal(['a event@50'])
  })

  it('is there behind a crash, and fires once across crashes', () => {
    const { row, out, driver } = timed({ row: (ctx, n, time) => ctx.timer(time + n) })
    row('a', 0, 10)
    row('b', 0, 20)
    driver.crash()
    row('c', 15, 1_000)
    driver.crash()
    row('d', 21, 1_000)
    expect(out()).deep.equal(['a event@10', 'b event@20'])
  })

  it('keeps the key of its row under processValues', () => {
    const { row, out } = timed({ fixed: true, row: (ctx, _n, time) => ctx.timer(time) })
    row('a', 1)
    row('b', 2)
    expect(out()).deep.equal(['a event@1'])
  })

  it('leaves with all that are due at once, in order', () => {
    const { out, driver } = timed({ row: (ctx, n, time) => ctx.timer(time + n) })
    const count = 20_000
    const input = driver.createInputTopic<string, Item>('in')
    input.pipeRecordList([
      ...Array.from({ length: count }, (_, i) => ({
        key: `k${i}`,
        value: { n: 1 + (i % 7), path: '' },
        timestamp: 0,
      })),
      { key: 'z', value: { n: 1_000, path: '' }, timestamp: 8 },
    ])
    const times = out().map((text) => Number(text.split('@')[1]))
    expect(times).to.have.length(count)
    expect(times).deep.equal([...times].sort((a, b) => a - b))
    expect(driver.counters('timing')).include({ taken: count + 1, conserved: true })
  })
})

describe('a timer by processing time', () => {
  it('fires at the first turn that is not before it, and once', () => {
    const { row, out, driver } = timed({
      row: (ctx) => {
        ctx.timer(ctx.now() + 30, 'processing')
        ctx.timer(ctx.now() + 30, 'processing')
      },
    })
    row('a', 1_000)
    driver.advanceWallClockTime(29)
    expect(out()).deep.equal([])
    driver.advanceWallClockTime(1)
    expect(out()).deep.equal(['a processing@30'])
    driver.advanceWallClockTime(100)
    expect(out()).deep.equal([])
  })

  it('is no timer by event time', () => {
    const { row, out, driver } = timed({
      row: (ctx, n) => {
        if (n === 1) ctx.timer(40, 'processing')
        if (n === 2) ctx.deleteTimer(40, 'event')
      },
    })
    row('a', 1, 1)
    row('a', 1_000, 2)
    expect(out()).deep.equal([])
    driver.crash()
    driver.advanceWallClockTime(40)
    expect(out()).deep.equal(['a processing@40'])
  })
})

describe('timers', () => {
  it('are refused without the option, without onTimer, away from a key, and at no time', () => {
    const app = createApp({ id: 'none' })
    app.stream(source('in')).process(() => {
      let ctx: ProcessorContext<unknown, {}>
      return {
        open: (context) => void (ctx = context),
        process: () => ctx.timer(1),
        onTimer: () => {},
      }
    })
    const input = new TestDriver(app).createInputTopic<string, Item>('in')
    expect(() => input.pipeInput('a', { n: 0, path: '' }, 1)).throws(
      /give the node \{ timers: true \}/,
    )
    const deaf = createApp({ id: 'deaf' })
    deaf
      .stream(source('in'))
      .process(() => ({ open: () => {}, process: () => {} }), { timers: true })
    expect(() => new TestDriver(deaf)).throws(/no onTimer/)
    const keyless = createApp({ id: 'keyless' })
    keyless
      .stream(source('in'))
      .process(() => ({ open: (ctx) => ctx.timer(1), process: () => {}, onTimer: () => {} }), {
        timers: true,
      })
    expect(() => new TestDriver(keyless)).throws(/no key is in progress/)
    const { row } = timed({ row: (ctx) => ctx.timer(1.5) })
    expect(() => row('a', 1)).throws(/whole milliseconds/)
  })

  it('make their node one that keeps state, under its name', () => {
    const app = timing({ row: () => {} })
    expect(app.describe()).contain('timing/timers')
    expect(app.topology().fingerprint.entries.find(({ node }) => node === 'timing')!.facts).equal(
      'timing/timers timers key=string, timing/processing-timers timers key=string',
    )
  })
})

function setAll(ctx: Context, times: readonly number[]): void {
  for (const time of times) ctx.timer(time)
}

function timed(functions: Functions): {
  readonly row: (key: string, time: number, n?: number) => void
  readonly out: () => readonly string[]
  readonly driver: TestDriver
} {
  const running = run(timing(functions))
  return { row: running.row, out: () => running.out, driver: running.driver }
}
