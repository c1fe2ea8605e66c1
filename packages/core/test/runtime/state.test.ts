import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { App, KStream } from '@millrace/core'
import { keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, Processor, ProcessorContext, StoreSpec } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from './random-graph.ts'
import type { Item } from './random-graph.ts'

type Counts = StoreSpec<KeyValueStore<string, { n: number }>>

/** Adds the numbers of a key, in place, and passes the sum on. */
class Adder implements Processor<string, Item, string, number> {
  readonly #spec: Counts
  #store!: KeyValueStore<string, { n: number }>
  #ctx!: ProcessorContext<string, number>

  constructor(spec: Counts) {
    this.#spec = spec
  }
  open(ctx: ProcessorContext<string, number>): void {
    this.#ctx = ctx
    this.#store = ctx.store(this.#spec)
  }
  process(key: string, value: Item): void {
    if (value.n < 0) throw new Error('no negative numbers')
    const sum = this.#store.get(key) ?? { n: 0 }
    sum.n += value.n
    this.#store.put(key, sum)
    this.#ctx.forward(key, sum.n)
  }
}

const sums = (name = 'sums'): Counts => keyValueStore(name)

function summing(build: (s: KStream<string, Item>) => void, options = {}): App {
  const app = createApp({ id: 'stateful', ...options })
  build(app.stream(source('in')))
  return app
}

function piped(app: App, rows: readonly (readonly [string, number])[]): TestDriver {
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  rows.forEach(([key, n], i) => input.pipeInput(key, { n, path: '' }, i))
  return driver
}

const out = (driver: TestDriver): readonly (readonly [string, number])[] =>
  driver.createOutputTopic<string, number>('test:out').readKeyValuesToList()

describe('a processor with a store', () => {
  it('keeps what it put, key by key', () => {
    const spec = sums()
    const app = summing((s) =>
      s.processValues(() => new Adder(spec), { stores: [spec] }).to(sink('out')),
    )
    const driver = piped(app, [
      ['a', 1],
      ['b', 10],
      ['a', 2],
      ['b', 20],
    ])
    expect(out(driver)).deep.equal([
      ['a', 1],
      ['b', 10],
      ['a', 3],
      ['b', 30],
    ])
    expect(driver.getKeyValueStore(spec).get('a')).deep.equal({ n: 3 })
  })

  it('finds it again after a crash', () => {
    const spec = sums()
    const app = summing((s) =>
      s.processValues(() => new Adder(spec), { stores: [spec] }).to(sink('out')),
    )
    const driver = piped(app, [
      ['a', 1],
      ['a', 2],
    ])
    driver.crash()
    driver.createInputTopic<string, Item>('in').pipeInput('a', { n: 4, path: '' }, 9)
    expect(out(driver)).deep.equal([
      ['a', 1],
      ['a', 3],
      ['a', 7],
    ])
  })

  it('leaves nothing of a row that is skipped', () => {
    const spec = sums()
    const app = summing(
      (s) => s.processValues(() => new Adder(spec), { stores: [spec] }).to(sink('out')),
      { onError: 'skip' },
    )
    expect(
      out(
        piped(app, [
          ['a', 1],
          ['a', -5],
          ['a', 2],
        ]),
      ),
    ).deep.equal([
      ['a', 1],
      ['a', 3],
    ])
  })

  it('shares a store with another node that declares the same spec', () => {
    const spec = sums()
    const app = summing((s) => {
      s.processValues(() => new Adder(spec), { name: 'first', stores: [spec] })
      s.processValues(() => new Adder(spec), { name: 'second', stores: [spec] }).to(sink('out'))
    })
    expect(
      out(
        piped(app, [
          ['a', 1],
          ['a', 1],
        ]),
      ),
    ).deep.equal([
      ['a', 2],
      ['a', 4],
    ])
  })

  it('says what to do when it asks for a store that it does not declare', () => {
    const app = summing((s) => s.processValues(() => new Adder(sums())).to(sink('out')))
    expect(() => new TestDriver(app)).throws(
      /does not declare it: add it to \{ stores: \[\.\.\.\] \}/,
    )
  })

  it('runs in one stage with all that share its store, behind the asynchronous step of the last of them', () => {
    const spec = sums()
    const app = summing((s) => {
      s.processValues(() => new Adder(spec), { name: 'early', stores: [spec] }).to(sink('early'))
      s.mapValuesAsync(async (v) => v)
        .processValues(() => new Adder(spec), { name: 'late', stores: [spec] })
        .to(sink('out'))
    })
    const stages = new Map(
      [...app.topology().subTopologies[0]!.stageOf].map(([node, stage]) => [node.name, stage]),
    )
    expect([stages.get('early'), stages.get('late')]).deep.equal([1, 1])
  })

  it('is refused when its store is used before and behind an asynchronous step of one path', () => {
    const spec = sums()
    const app = summing((s) =>
      s
        .processValues(() => new Adder(spec), { name: 'early', stores: [spec] })
        .mapValuesAsync(async (n) => ({ n, path: '' }))
        .processValues(() => new Adder(spec), { name: 'late', stores: [spec] })
        .to(sink('out')),
    )
    expect(() => app.topology()).throws(
      /used before and behind an asynchronous step \(early, late\)/,
    )
  })

  it('is refused behind a new key, unless the source is split by that key', () => {
    const spec = sums()
    const build = (partitioned: object) =>
      summing((s) =>
        s
          .keyBy((v) => v.path, partitioned)
          .processValues(() => new Adder(spec), { stores: [spec] })
          .to(sink('out')),
      )
    expect(() => build({}).topology()).throws(
      /keeps state, and in\.keyBy above it gives rows a new key/,
    )
    build({ partitioned: true }).topology()
  })

  it('is refused when two stores have one name, or streams that do not meet share one', () => {
    const app = summing((s) => {
      const [one, two] = [sums(), sums()]
      s.processValues(() => new Adder(one), { name: 'one', stores: [one] })
      s.processValues(() => new Adder(two), { name: 'two', stores: [two] })
    })
    expect(() => app.topology()).throws(/two stores are called sums/)
    const apart = createApp({ id: 'apart' })
    const spec = sums()
    for (const topic of ['a', 'b'])
      apart
        .stream(source(topic))
        .processValues(() => new Adder(spec), { name: topic + topic, stores: [spec] })
    expect(() => apart.topology()).throws(/used by streams that do not meet/)
  })

  it('is known by name to describe() and to the fingerprint', () => {
    const spec = sums()
    const app = summing((s) =>
      s.processValues(() => new Adder(spec), { stores: [spec] }).to(sink('out')),
    )
    expect(app.describe()).contain('Processor: in.processValues (stores: [sums])')
    expect(
      app.topology().fingerprint.entries.find(({ node }) => node === 'in.processValues'),
    ).include({ kind: 'processValues' })
  })
})
