import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { App } from '@millrace/core'
import type { Processor, ProcessorContext, ScheduleKind } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

type Context = ProcessorContext<string, string>

/** Passes rows on as `n@watermark`, and does what the test says in `open`. */
function ticking(
  open: (ctx: Context) => void,
  options: { clock?: 'streamTime'; idle?: boolean } = {},
): App {
  const app = createApp({
    id: 'ticking',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  })
  const stream = app.stream(source('in'))
  const timed =
    options.idle === true ? stream.eventTime((_v, _k, r) => r.timestamp, { idle: '10ms' }) : stream
  timed
    .process<string, string>(() => {
      let ctx: Context
      const processor: Processor<string, Item, string, string> = {
        open(context) {
          ctx = context
          open(context)
        },
        process: (key, value) => ctx.forward(key, String(value.n)),
      }
      return processor
    })
    .to(sink('out'))
  return app
}

function every(ms: number, by: ScheduleKind, name: string): (ctx: Context) => void {
  return (ctx) => void ctx.schedule(ms, by, (time) => ctx.forward(name, String(time)))
}

class Run {
  readonly driver: TestDriver
  readonly #input
  #n = 0

  constructor(app: App) {
    this.driver = new TestDriver(app)
    this.#input = this.driver.createInputTopic<string, Item>('in')
  }

  row(time: number): this {
    this.#input.pipeInput('k', { n: this.#n++, path: '' }, time)
    return this
  }

  rows(times: readonly number[]): this {
    for (const time of times) this.row(time)
    return this
  }

  wall(ms: number): this {
    this.driver.advanceWallClockTime(ms)
    return this
  }

  crash(): this {
    this.driver.crash()
    return this
  }

  /** `key value@timestamp` of each row. */
  get out(): readonly string[] {
    return this.driver
      .createOutputTopic<string, string>('test:out')
      .readRecordsToList()
      .map(({ key, value, timestamp }) => `${key} ${value}@${timestamp}`)
  }
}

describe('schedules by event time', () => {
  for (const clock of [undefined, 'streamTime'] as const) {
    const of = (open: (ctx: Context) => void): Run =>
      new Run(ticking(open, clock === undefined ? {} : { clock }))

    describe(`clock ${clock ?? 'watermark'}`, () => {
      it('fire at multiples of the interval, first behind the first row, with the time it is', () => {
        const run = of(every(10, 'eventTime', 'p')).rows([6, 9, 10, 19, 20])
        expect(run.out).deep.equal([
          'k 0@6',
          'p 6@6',
          'k 1@9',
          'k 2@10',
          'p 10@10',
          'k 3@19',
          'k 4@20',
          'p 20@20',
        ])
      })

      it('fire once for what was missed', () => {
        const run = of(every(10, 'eventTime', 'p')).rows([0, 57, 59, 60])
        expect(run.out).deep.equal([
          'k 0@0',
          'p 0@0',
          'k 1@57',
          'p 57@57',
          'k 2@59',
          'k 3@60',
          'p 60@60',
        ])
      })

      it('do not fire for a row that moves no time', () => {
        expect(of(every(10, 'eventTime', 'p')).rows([25, 3, 25]).out).deep.equal([
          'k 0@25',
          'p 25@25',
          'k 1@3',
          'k 2@25',
        ])
      })

      it('fire in the order in which they were due, of two as a binary heap has them', () => {
        const run = of((ctx) => {
          every(20, 'eventTime', 'a')(ctx)
          every(10, 'eventTime', 'b')(ctx)
          every(10, 'eventTime', 'c')(ctx)
        }).rows([0, 40])
        expect(run.out).deep.equal([
          'k 0@0',
          'a 0@0',
          'c 0@0',
          'b 0@0',
          'k 1@40',
          'c 40@40',
          'b 40@40',
          'a 40@40',
        ])
      })

      it('may end themselves and each other', () => {
        const run = of((ctx) => {
          let times = 0
          const end = ctx.schedule('10ms', 'eventTime', (time) => {
            ctx.forward('p', String(time))
            if (++times === 2) {
              end()
              endOther()
            }
          })
          const endOther = ctx.schedule(10, 'eventTime', () => ctx.forward('q', '-'))
        }).rows([0, 10, 20])
        expect(run.out.filter((row) => !row.startsWith('k'))).deep.equal([
          'p 0@0',
          'q -@0',
          'p 10@10',
        ])
      })

      it('may be joined by others, which fire in the same pass', () => {
        const run = of((ctx) => {
          const end = ctx.schedule(10, 'eventTime', () => {
            end()
            every(100, 'eventTime', 'second')(ctx)
          })
        }).rows([7, 99, 100])
        expect(run.out.filter((row) => row.startsWith('second'))).deep.equal([
          'second 7@7',
          'second 100@100',
        ])
      })

      it('give their rows another time if they are told to', () => {
        const run = of((ctx) => {
          ctx.schedule(10, 'eventTime', (time) => ctx.forward('p', String(time), 3))
        }).row(12)
        expect(run.out).deep.equal(['k 0@12', 'p 12@3'])
      })

      it('go on behind a crash where they were', () => {
        const run = of(every(10, 'eventTime', 'p'))
          .row(12)
          .crash()
          .rows([15, 19, 20])
          .crash()
        expect(
          run
            .crash()
            .rows([29, 31])
            .out.filter((row) => row.startsWith('p')),
        ).deep.equal(['p 12@12', 'p 20@20', 'p 31@31'])
      })
    })
  }

  it('fire when a silent source is left behind by the wall clock', () => {
    const run = new Run(ticking(every(100, 'eventTime', 'p'), { idle: true }))
    expect(run.row(50).wall(10).wall(1).wall(60).out).deep.equal(['k 0@50', 'p 50@50', 'p 121@121'])
  })
})

describe('schedules by wall clock', () => {
  it('fire when the interval has passed, then at its multiples, once for what was missed', () => {
    const run = new Run(ticking(every(10, 'wallClock', 'w')))
    for (const ms of [9, 5, 5, 1, 32, 7, 1]) run.wall(ms)
    expect(run.out).deep.equal(['w 14@14', 'w 20@20', 'w 52@52', 'w 60@60'])
  })

  it('begin anew behind a crash', () => {
    const run = new Run(ticking(every(10, 'wallClock', 'w')))
    run.wall(8).crash().wall(9).wall(1)
    expect(run.out).deep.equal(['w 18@18'])
  })

  it('need no row, and forward under no headers of the last one', () => {
    const run = new Run(
      ticking((ctx) => {
        ctx.schedule(10, 'wallClock', () => ctx.forward('w', JSON.stringify(ctx.headers ?? 'none')))
      }),
    )
    run.driver.createInputTopic<string, Item>('in').pipeRecord({
      key: 'k',
      value: { n: 0, path: '' },
      timestamp: 5,
      headers: new Map([['h', Uint8Array.of(1)]]),
    })
    run.wall(10)
    expect(run.out).deep.equal(['k 0@5', 'w "none"@10'])
  })
})

describe('the schedules of several nodes', () => {
  /** One node above the other: a, b and c. */
  const chain = (by: ScheduleKind, clock: 'streamTime' | 'watermark'): Run => {
    const app = createApp({ id: 'chain', clock })
    let stream = app.stream(source('in')).mapValues(({ n }) => String(n))
    for (const [name, ms] of [
      ['a', 20],
      ['b', 10],
      ['c', 10],
    ] as const)
      stream = stream.process<string, string>(() => {
        let ctx: Context
        return {
          open(context) {
            ctx = context
            every(ms, by, name)(ctx)
          },
          process: (key, value) => ctx.forward(key, value),
        }
      })
    stream.to(sink('out'))
    return new Run(app)
  }
  const names = (run: Run): string => run.out.map((row) => row.slice(0, 1)).join('')

  it('stand in one queue by event time under stream time, also behind a crash', () => {
    expect(names(chain('eventTime', 'streamTime').rows([0, 40, 80]))).equal('kacbkcbakbca')
    expect(names(chain('eventTime', 'streamTime').row(0).crash().row(40).crash().row(80))).equal(
      'kacbkcbakbca',
    )
  })

  it('fire node by node under the other clock, as T passes them', () => {
    expect(names(chain('eventTime', 'watermark').rows([0, 40, 80]))).equal('kabckabckabc')
  })

  it('stand in one queue by wall clock under both', () => {
    for (const clock of ['streamTime', 'watermark'] as const)
      expect(names(chain('wallClock', clock).wall(10).wall(10).wall(40))).equal('bcbcacba')
  })
})

describe('a schedule', () => {
  it('counts its rows as made by time, and keeps law 1', () => {
    const run = new Run(ticking(every(10, 'eventTime', 'p'))).rows([0, 10, 11])
    const counters = run.driver.counters('in.process')
    expect(counters).include({ taken: 3, forwarded: 3, conserved: true })
  })

  it('that throws fails the task, whatever becomes of rows that fail', () => {
    const app = createApp({ id: 'throwing', onError: 'skip' })
    app.stream(source('in')).process(() => ({
      open: (ctx) =>
        void ctx.schedule(10, 'eventTime', () => {
          throw new Error('no')
        }),
      process: () => {},
    }))
    expect(() => new Run(app).row(1)).throws('no')
  })

  it('is refused without an interval, and where no schedule was made in open', () => {
    for (const ms of [0, -1, 1.5, NaN])
      expect(() => new Run(ticking(every(ms, 'eventTime', 'p')))).throws(/at least a millisecond/)
    const app = createApp({ id: 'late' })
    app.stream(source('in')).process(() => {
      let ctx: ProcessorContext<unknown, {}>
      return {
        open: (context) => void (ctx = context),
        process: () => void ctx.schedule(10, 'eventTime', () => {}),
      }
    })
    expect(() => new Run(app).row(1)).throws(/is made in open/)
  })
})

describe('the event time of a task', () => {
  const seen = (clock?: 'streamTime'): Run => {
    let times: string[] = []
    return new Run(
      ticking(
        (ctx) => {
          times.push(`open ${ctx.eventTime()}`)
          ctx.schedule(1_000_000, 'eventTime', () => {
            ctx.forward('times', times.join())
            times = []
          })
          const forward = ctx.forward.bind(ctx)
          Object.assign(ctx, {
            forward: (key: string, value: string) => {
              times.push(`${ctx.eventTime()}`)
              forward(key, value)
            },
          })
        },
        clock === undefined ? {} : { clock },
      ),
    )
  }

  it('counts the row in progress under stream time, and is -1 before the first', () => {
    const run = seen('streamTime').rows([5, 3, 9])
    expect(run.out[1]).equal('times open -1,5@5')
  })

  it('is the watermark under the other clock', () => {
    const run = seen().rows([5, 3, 9])
    expect(run.out[1]).equal('times open -Infinity,-Infinity@5')
  })
})
