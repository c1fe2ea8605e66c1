import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { Processor, ProcessorContext } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from './random-graph.ts'
import type { Item } from './random-graph.ts'

/** Owes `count` rows at each move of T, and pays them a slice at a time. */
class Owing implements Processor<string, Item, string, string> {
  readonly #name: string
  readonly #count: number
  readonly slices: number[] = []
  #ctx!: ProcessorContext<string, string>
  #owed: string[] = []

  constructor(name: string, count: number) {
    this.#name = name
    this.#count = count
  }
  open(ctx: ProcessorContext<string, string>): void {
    this.#ctx = ctx
  }
  process(key: string, value: Item | string): void {
    this.#ctx.forward(key, `${this.#name}(${typeof value === 'string' ? value : value.n})`)
  }
  advance(watermark: number): void {
    for (let i = 0; i < this.#count; i++) this.#owed.push(`${this.#name}@${watermark}#${i}`)
  }
  drain(budget: number): boolean {
    const slice = this.#owed.splice(0, budget)
    if (slice.length > 0) this.slices.push(slice.length)
    for (const row of slice) this.#ctx.forward('k', row)
    return this.#owed.length > 0
  }
}

function piped(first: Owing, second: Owing, times: readonly number[]): readonly string[] {
  const app = createApp({ id: 'owing' })
  app
    .stream(source('in'))
    .process(() => first as Processor<string, Item, string, string>, { name: 'first' })
    .process(() => second as unknown as Processor<string, string, string, string>, {
      name: 'second',
    })
    .to(sink('out'))
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  times.forEach((time, i) => input.pipeInput('k', { n: i, path: '' }, time))
  return driver.createOutputTopic<string, string>('test:out').readValuesToList()
}

describe('what time makes a node emit', () => {
  it('comes behind the row that moved it, and reaches the next node before time does', () => {
    expect(piped(new Owing('a', 1), new Owing('b', 1), [10, 20])).deep.equal([
      'b(a(0))',
      'b(a@10#0)',
      'b@10#0',
      'b(a(1))',
      'b(a@20#0)',
      'b@20#0',
    ])
  })

  it('is drained in bounded slices, all of it before the next row', () => {
    const first = new Owing('a', 5_000)
    const rows = piped(first, new Owing('b', 0), [10, 20])
    expect(rows).length(2 + 2 * 5_000)
    expect(rows.indexOf('b(a(1))')).equal(5_001)
    expect(Math.max(...first.slices)).most(2_000)
  })

  it('is finished further down before the next row, what the last slice above made included', () => {
    // Keeps each row it is given, and owes it.
    class Later extends Owing {
      readonly #rows: string[] = []
      #ctx!: ProcessorContext<string, string>
      override open(ctx: ProcessorContext<string, string>): void {
        this.#ctx = ctx
      }
      override process(_key: string, value: Item | string): void {
        this.#rows.push(typeof value === 'string' ? value : `${value.n}`)
      }
      override drain(): boolean {
        for (const row of this.#rows.splice(0)) this.#ctx.forward('k', row)
        return false
      }
    }
    const rows = piped(new Owing('a', 1), new Later('b', 0), [10, 20])
    expect(rows).deep.equal(['a(0)', 'a@10#0', 'a(1)', 'a@20#0'])
  })

  it('is finished further down before it goes on above', () => {
    const rows = piped(new Owing('a', 600), new Owing('b', 600), [10])
    expect(rows.findIndex((row) => row.startsWith('b@10'))).equal(1 + 600)
    expect(rows).length(1 + 600 + 600)
  })

  it('waits where the step below waits, so that a million closes need no memory for a million calls', async () => {
    const rows = 20_000
    const app = createApp({ id: 'owing' })
    let running = 0
    let most = 0
    app
      .stream(source('in'))
      .process(() => new Owing('a', rows) as Processor<string, Item, string, string>)
      .mapValuesAsync(
        async (value) => {
          most = Math.max(most, ++running)
          await Promise.resolve()
          running--
          return value
        },
        { name: 'call', capacity: 10 },
      )
      .to(sink('out'))
    const driver = new TestDriver(app)
    driver.createInputTopic<string, Item>('in').pipeInput('k', { n: 0, path: '' }, 10)
    await driver.settle()
    const output = driver.createOutputTopic<string, string>('test:out').readValuesToList()
    expect(output).to.have.length(rows + 1)
    expect(output.slice(1)).deep.equal(Array.from({ length: rows }, (_, i) => `a@10#${i}`))
    expect(most).to.be.below(5_000)
  })
})
