import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { AsyncOptions, KStream } from '@millrace/core'
import type { AsyncOperator, Processor } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from './random-graph.ts'
import type { Item } from './random-graph.ts'

const item = (n: number): Item => ({ n, path: '' })

/** A remote system whose answers the test gives, in the order it likes. */
class Remote {
  readonly asked: {
    readonly n: number
    readonly attempt: number
    readonly signal: AbortSignal
    ok(): void
    fail(): void
  }[] = []

  readonly call = (
    value: Item,
    _key: string,
    { attempt, signal }: { attempt: number; signal: AbortSignal },
  ): Promise<Item> =>
    new Promise((resolve, reject) => {
      this.asked.push({
        n: value.n,
        attempt,
        signal,
        ok: () => resolve(item(value.n * 10)),
        fail: () => reject(new Error(`remote refuses ${value.n}`)),
      })
    })

  answer(n: number): void {
    this.asked.find((call) => call.n === n)!.ok()
  }
}

class Bench {
  readonly remote: Remote = new Remote()
  readonly driver: TestDriver
  readonly #out = sink<Item>('out')
  readonly #input

  constructor(
    options: AsyncOptions<Item, string, Item>,
    below: (s: KStream<string, Item>) => KStream<string, Item> = (s) => s,
  ) {
    const app = createApp({ id: 'waiting', onError: 'skip' })
    below(
      app.stream(source('in')).mapValuesAsync(this.remote.call, { name: 'ask', ...options }),
    ).to(this.#out)
    this.driver = new TestDriver(app)
    this.#input = this.driver.createInputTopic<string, Item>('in')
  }

  pipe(...numbers: number[]): void {
    for (const n of numbers) this.#input.pipeInput(n % 2 === 0 ? 'even' : 'odd', item(n), n)
  }

  async settled(): Promise<readonly number[]> {
    await this.driver.settle()
    return this.driver
      .createOutputTopic<string, Item>(this.#out)
      .readValuesToList()
      .map(({ n }) => n)
  }

  /** Lets answers that were given arrive. */
  async arrive(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.driver.advanceWallClockTime(0)
  }
}

describe('an asynchronous node', () => {
  it('keeps the order of its input in ordered mode, however its calls come back', async () => {
    const bench = new Bench({ mode: 'ordered' })
    bench.pipe(1, 2, 3)
    for (const n of [3, 1, 2]) bench.remote.answer(n)
    expect(await bench.settled()).deep.equal([10, 20, 30])
  })

  it('lets rows pass one another in unordered mode', async () => {
    const bench = new Bench({ mode: 'unordered' })
    bench.pipe(1, 2, 3)
    for (const n of [3, 1, 2]) {
      bench.remote.answer(n)
      await bench.arrive()
    }
    expect(await bench.settled()).deep.equal([30, 10, 20])
  })

  it('keeps the order of each key in perKey mode', async () => {
    const bench = new Bench({ mode: 'perKey' })
    bench.pipe(1, 2, 3, 4)
    for (const n of [3, 4, 2, 1]) {
      bench.remote.answer(n)
      await bench.arrive()
    }
    expect(await bench.settled()).deep.equal([20, 40, 10, 30])
  })

  it('never passes a watermark on before the rows it was behind', async () => {
    for (const mode of ['ordered', 'perKey', 'unordered'] as const) {
      const seen: [string, number][] = []
      const bench = new Bench({ mode }, (s) => s.processValues(() => watcher(seen)))
      bench.pipe(1, 2, 3)
      for (const n of [3, 2, 1]) {
        bench.remote.answer(n)
        await bench.arrive()
      }
      await bench.settled()
      const done: number[] = []
      for (const [what, at] of seen) {
        if (what === 'row') done.push(at)
        else
          expect(
            [1, 2, 3].filter((n) => n <= at).every((n) => done.includes(n)),
            `${mode}: ${JSON.stringify(seen)}`,
          ).equal(true)
      }
      expect(seen.at(-1)).deep.equal(['T', 3])
    }
  })

  it('asks at most capacity at a time, and takes no further row while it is full', () => {
    const bench = new Bench({ capacity: 2 })
    bench.pipe(1, 2, 3, 4)
    expect(bench.remote.asked.map(({ n }) => n)).deep.equal([1, 2])
    expect(bench.driver.counters('in').taken).lessThan(4)
  })

  it('gives a row up when its time is over, frees its place and ignores the late answer', async () => {
    const bench = new Bench({ capacity: 1, timeout: '5s' })
    bench.pipe(1, 2)
    bench.driver.advanceWallClockTime('5s')
    expect(bench.remote.asked.map(({ n }) => n)).deep.equal([1, 2])
    expect(bench.remote.asked[0]!.signal.aborted).equal(true)
    bench.remote.answer(1)
    bench.remote.answer(2)
    expect(await bench.settled()).deep.equal([20])
    expect(bench.driver.counters('ask')).include({
      taken: 2,
      forwarded: 1,
      filtered: 1,
      inFlight: 0,
      conserved: true,
    })
  })

  it('answers with onTimeout where there is one', async () => {
    const bench = new Bench({ timeout: '1s', onTimeout: (v) => item(-v.n) })
    bench.pipe(7)
    bench.driver.advanceWallClockTime('1s')
    expect(await bench.settled()).deep.equal([-7])
  })

  it('tries again after a growing delay, and not beyond its attempts', async () => {
    const bench = new Bench({ retry: { attempts: 3, delay: '100ms' } })
    bench.pipe(1)
    for (let attempt = 1; attempt <= 3; attempt++) {
      const call = bench.remote.asked.at(-1)!
      expect(call.attempt).equal(attempt)
      call.fail()
      await bench.arrive()
      bench.driver.advanceWallClockTime(100 * 2 ** (attempt - 1))
    }
    expect(bench.remote.asked).length(3)
    expect(await bench.settled()).deep.equal([])
    expect(bench.driver.counters('ask')).include({ filtered: 1, inFlight: 0 })
  })

  it('does not try again what retryIf calls hopeless', async () => {
    const bench = new Bench({ retry: { attempts: 3, retryIf: () => false } })
    bench.pipe(1)
    bench.remote.asked[0]!.fail()
    await bench.settled()
    expect(bench.remote.asked).length(1)
  })

  it('asks again after a crash for what was in flight, and shows each row once', async () => {
    const bench = new Bench({ mode: 'ordered' })
    bench.pipe(1, 2, 3)
    bench.remote.answer(1)
    await bench.arrive()
    bench.driver.crash()
    expect(bench.remote.asked.slice(3).map(({ n }) => n)).deep.equal([2, 3])
    for (const call of bench.remote.asked) call.ok()
    expect(await bench.settled()).deep.equal([10, 20, 30])
  })

  it('refuses to show outputs while rows are in flight', () => {
    const bench = new Bench({})
    bench.pipe(1)
    expect(() => bench.driver.createOutputTopic('test:out').isEmpty()).throws(
      /still in flight.*await driver\.settle\(\)/,
    )
  })

  it('takes an answer that needs no waiting without a call', async () => {
    const calls: number[] = []
    const cached: AsyncOperator<string, Item, Item> = {
      ready: (v) => (v.n % 2 === 0 ? item(v.n + 100) : undefined),
      call: async (v) => {
        calls.push(v.n)
        return v
      },
    }
    const app = createApp({ id: 'cached' })
    app
      .stream(source('in'))
      .async(() => cached)
      .to(sink('out'))
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    for (const n of [1, 2, 3]) input.pipeInput('k', item(n), n)
    await driver.settle()
    expect(calls).deep.equal([1, 3])
    expect(
      driver
        .createOutputTopic<string, Item>('test:out')
        .readValuesToList()
        .map(({ n }) => n),
    ).deep.equal([1, 102, 3])
  })

  it('refuses options that make no sense', () => {
    const s = createApp({ id: 'x' }).stream(source('in'))
    const ask = (options: AsyncOptions<Item, string, Item>) => () =>
      s.mapValuesAsync(async (v) => v, options)
    expect(ask({ capacity: 0 })).throws(/capacity: 0 is not a whole number/)
    expect(ask({ mode: 'sorted' as 'ordered' })).throws(/none of 'ordered'/)
    expect(ask({ timeout: '5 minutes' as '5m' })).throws(/timeout: .* is not a duration/)
  })
})

/** Notes rows and moves of T in the order in which they pass. */
function watcher(seen: [string, number][]): Processor<string, Item, string, Item> {
  let forward: (key: string, value: Item) => void
  return {
    open: (ctx) => void (forward = (key, value) => ctx.forward(key, value)),
    process: (key, value) => {
      seen.push(['row', value.n / 10])
      forward(key, value)
    },
    advance: (watermark) => void seen.push(['T', watermark]),
  }
}
