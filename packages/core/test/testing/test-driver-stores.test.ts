// The stores of a topology under the test driver: every shape by its name, as processors see it, and without a trace.
import { expect } from 'chai'
import { createApp, hopping, session, sliding, tumbling, unlimited } from '@millrace/core'
import type { AnyWindow } from '../../src/time/windows.ts'
import type { KTable, Windowed } from '@millrace/core'
import { keyPrefix, keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, ProcessorContext } from '@millrace/core/operator'
import { TestDriver, levelForTests } from '@millrace/core/testing'
import { tempDir } from '../log/temp-dir.ts'
import { source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

const item = (n: number): Item => ({ n, path: '' })

interface Sum {
  n: number
}

class Adder {
  readonly #spec
  #store!: KeyValueStore<string, Sum>

  constructor(spec: ReturnType<typeof sums>) {
    this.#spec = spec
  }

  open(ctx: ProcessorContext): void {
    this.#store = ctx.store(this.#spec)
  }

  process(key: string, value: Item): void {
    const sum = this.#store.get(key) ?? { n: 0 }
    sum.n += value.n
    this.#store.put(key, sum)
  }
}

const sums = (options = {}) => keyValueStore<string, Sum>('sums', options)

function adding(
  spec: ReturnType<typeof sums>,
  options: ConstructorParameters<typeof TestDriver>[1] = {},
) {
  const app = createApp({ id: 'stores' })
  app.stream(source('in')).processValues(() => new Adder(spec) as never, { stores: [spec] })
  const driver = new TestDriver(app, options)
  const input = driver.createInputTopic<string, Item>('in')
  return { driver, input }
}

function tables(build: (rows: KTable<string, number>) => void, clock?: 'streamTime') {
  const app = createApp({ id: 'stores', ...(clock === undefined ? {} : { clock }) })
  build(
    app
      .stream(source('in'))
      .mapValues((v) => v.n)
      .toTable({ store: 'newest' }) as KTable<string, number>,
  )
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  return { driver, put: (key: string, n: number, at: number) => input.pipeInput(key, item(n), at) }
}

/** Counts per window, as they are named 'w'. */
function counting(window: AnyWindow, retention: `${number}ms` = '0ms') {
  const app = createApp({ id: 'stores' })
  const grouped = app.stream(source('in')).groupByKey()
  const options = { name: 'w', retention }
  const table =
    window.kind === 'session'
      ? grouped.windowedBy(window).count(options)
      : window.kind === 'sliding'
        ? grouped.windowedBy(window).count(options)
        : grouped.windowedBy(window as ReturnType<typeof tumbling>).count(options)
  table.toStream()
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  return { driver, put: (key: string, at: number) => input.pipeInput(key, item(0), at) }
}

const flat = (
  pairs: Iterable<readonly [Windowed<string>, number]>,
): readonly (readonly unknown[])[] =>
  [...pairs].map(([{ key, start, end }, n]) => [key, start, end, n])

describe('stores under the test driver', () => {
  it("are a processor's, by spec or by name, in the order of their keys whether declared or not", () => {
    const spec = sums()
    const { driver, input } = adding(spec)
    for (const [key, n] of [
      ['b', 1],
      ['a', 2],
      ['c', 3],
      ['a', 4],
    ] as const)
      input.pipeInput(key, item(n))
    for (const store of [
      driver.getKeyValueStore(spec),
      driver.getKeyValueStore<string, Sum>('sums'),
    ]) {
      expect(store.get('a')).deep.equal({ n: 6 })
      expect(store.get('none')).equal(undefined)
      expect([...store.all()].map(([key]) => key)).deep.equal(['a', 'b', 'c'])
      expect([...store.all({ reverse: true, limit: 2 })].map(([key]) => key)).deep.equal(['c', 'b'])
      expect([...store.range('b', undefined)]).deep.equal([
        ['b', { n: 1 }],
        ['c', { n: 3 }],
      ])
      expect([...store.range('b', 'b')]).deep.equal([['b', { n: 1 }]])
      expect([...store.prefix(keyPrefix('a'))]).deep.equal([['a', { n: 6 }]])
    }
  })

  it('give away what is not the processor’s: changing it changes nothing', () => {
    const spec = sums()
    const { driver, input } = adding(spec)
    input.pipeInput('a', item(1))
    driver.getKeyValueStore(spec).get('a')!.n = 100
    for (const [, sum] of driver.getKeyValueStore(spec).all()) sum.n = 100
    input.pipeInput('a', item(1))
    expect(driver.getKeyValueStore(spec).get('a')).deep.equal({ n: 2 })
  })

  it('do not show what has expired, and reading keeps nothing alive', () => {
    const spec = sums({ ttl: { after: '100ms', by: 'event', refresh: 'readWrite' } })
    const { driver, input } = adding(spec)
    input.pipeInput('a', item(1), 0)
    input.pipeInput('b', item(1), 60)
    const store = driver.getKeyValueStore(spec)
    expect(store.get('a')).deep.equal({ n: 1 })
    input.pipeInput('b', item(1), 100)
    expect(store.get('a')).equal(undefined)
    expect([...store.all()]).deep.equal([['b', { n: 2 }]])
  })

  it('are those of the task that came after a crash, with the same handle', () => {
    const spec = sums()
    const { driver, input } = adding(spec)
    const store = driver.getKeyValueStore(spec)
    input.pipeInput('a', item(1))
    driver.crash()
    expect(store.get('a')).deep.equal({ n: 1 })
  })

  it('are one per partition', () => {
    const spec = sums()
    const { driver, input } = adding(spec, { partitions: 2 })
    input.pipeInput('a', item(1), 0, 1)
    expect(driver.getKeyValueStore(spec).get('a')).equal(undefined)
    expect(driver.getKeyValueStore(spec, 1).get('a')).deep.equal({ n: 1 })
    expect(() => driver.getKeyValueStore(spec, 2)).throws(
      'there is no partition 2 of the store sums',
    )
    expect([...driver.allStateStores(2).keys()]).deep.equal([])
  })

  it('are plain values of tables, aggregates and mapped tables', () => {
    const { driver, put } = tables((table) => {
      table.filter((n) => n > 1, { store: 'large' }).toStream()
      table
        .groupBy((n, key) => [n, key] as const)
        .count({ store: 'by-n' })
        .toStream()
    })
    put('a', 1, 5)
    put('b', 2, 3)
    expect([...driver.getKeyValueStore('newest').all()]).deep.equal([
      ['a', 1],
      ['b', 2],
    ])
    expect([...driver.getKeyValueStore('large').all()]).deep.equal([['b', 2]])
    expect(driver.getKeyValueStore('by-n').get(2)).equal(1)
  })

  it('are windows by their key: open, and closed within their retention', () => {
    const { driver, put } = counting(tumbling('10ms'), '20ms')
    for (const at of [1, 2, 11, 35]) put('a', at)
    put('b', 36)
    const store = driver.getWindowStore<string, number>('w')
    // T is 36: [0, 10) was to be seen until 30, [10, 20) is until 40.
    expect(flat(store.windows('a'))).deep.equal([
      ['a', 10, 20, 1],
      ['a', 30, 40, 1],
    ])
    expect(flat(store.windows('a', 11))).deep.equal([['a', 30, 40, 1]])
    expect(flat(store.windows('a', 10, 29))).deep.equal([['a', 10, 20, 1]])
    expect(store.windows('none')).deep.equal([])
    expect(store.get({ key: 'a', start: 30, end: 40 })).equal(1)
    expect(store.get({ key: 'a', start: 0, end: 10 })).equal(undefined)
    expect(flat(store.all())).deep.equal([
      ['a', 10, 20, 1],
      ['a', 30, 40, 1],
      ['b', 30, 40, 1],
    ])
    expect(flat(store.all({ reverse: true, limit: 2 }))).deep.equal([
      ['b', 30, 40, 1],
      ['a', 30, 40, 1],
    ])
    const [from, to] = [
      { key: 'a', start: 30, end: 40 },
      { key: 'b', start: 29, end: 39 },
    ]
    expect(flat(store.range(from, to))).deep.equal([['a', 30, 40, 1]])
  })

  it('are windows of each kind', () => {
    const hops = counting(hopping('20ms', '10ms'))
    hops.put('a', 15)
    expect(flat(hops.driver.getWindowStore<string, number>('w').windows('a'))).deep.equal([
      ['a', 0, 20, 1],
      ['a', 10, 30, 1],
    ])
    const slides = counting(sliding('10ms'))
    for (const at of [20, 25]) slides.put('a', at)
    expect(flat(slides.driver.getWindowStore<string, number>('w').windows('a'))).deep.equal([
      ['a', 10, 20, 1],
      ['a', 15, 25, 2],
      ['a', 21, 31, 1],
    ])
    const all = counting(unlimited({ start: 5 }))
    all.put('a', 15)
    expect(flat(all.driver.getWindowStore<string, number>('w').windows('a'))).deep.equal([
      ['a', 5, Infinity, 1],
    ])
  })

  it('are sessions by their key', () => {
    const { driver, put } = counting(session('5ms'), '100ms')
    for (const at of [1, 4, 20, 40]) put('a', at)
    const store = driver.getSessionStore<string, number>('w')
    expect(flat(store.sessions('a'))).deep.equal([
      ['a', 1, 4, 2],
      ['a', 20, 20, 1],
      ['a', 40, 40, 1],
    ])
    expect(flat(store.sessions('a', 4, 20))).deep.equal([
      ['a', 1, 4, 2],
      ['a', 20, 20, 1],
    ])
    expect(flat(store.sessions('a', 5, 19))).deep.equal([])
    expect(store.get({ key: 'a', start: 1, end: 4 })).equal(2)
    expect(store.get({ key: 'a', start: 2, end: 4 })).equal(undefined)
  })

  it('are windows of a key that has very many of them', () => {
    const { driver, put } = counting(tumbling('1ms'), '10000ms')
    for (let at = 0; at < 1_000; at++) put('a', at)
    const store = driver.getWindowStore<string, number>('w')
    expect(store.windows('a').map(([{ start }]) => start)).deep.equal(
      Array.from({ length: 1_000 }, (_, at) => at),
    )
    expect([...store.all()].length).equal(1_000)
  })

  it('are versions of a table that keeps them', () => {
    const app = createApp({ id: 'stores' })
    app.table(source('in'), { store: 'versions', versioned: { history: '100ms' } })
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item | null>('in')
    for (const [key, n, at] of [
      ['a', 1, 0],
      ['a', 2, 50],
      ['b', 1, 60],
      ['a', 3, 120],
    ] as const)
      input.pipeInput(key, item(n), at)
    input.pipeInput('b', null, 121)
    const store = driver.getVersionedStore<string, Item>('versions')
    expect(store.get('a')).deep.equal(item(3))
    expect(store.get('a', { asOf: 119 })).deep.equal(item(2))
    expect(store.get('a', { asOf: 20 })).equal(undefined) // older than the history
    expect(store.get('b')).equal(undefined)
    expect(store.get('b', { asOf: 70 })).deep.equal(item(1))
    expect([...store.all()]).deep.equal([['a', item(3)]])
  })

  it('are global tables, too', () => {
    const app = createApp({ id: 'stores' })
    const global = app.globalTable(source('global'))
    app
      .stream(source('in'))
      .join(global, (v) => v, { key: (_v, key) => key })
      .foreach(() => {})
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item | null>('global')
    for (const key of ['b', 'a', 'c']) input.pipeInput(key, item(1))
    input.pipeInput('c', null)
    const store = driver.getKeyValueStore<string, Item>('global')
    expect(store.get('a')).deep.equal(item(1))
    expect([...store.all()].map(([key]) => key)).has.members(['a', 'b'])
  })

  it('are listed by name, without those of the engine’s own', () => {
    const { driver } = counting(tumbling('10ms'))
    expect([...driver.allStateStores()].map(([name, { shape }]) => [name, shape])).deep.equal([
      ['w', 'window'],
    ])
  })

  it('say what there is instead', () => {
    const { driver } = counting(tumbling('10ms'))
    expect(() => driver.getKeyValueStore('v')).throws(/no store v: it has w/)
    expect(() => driver.getKeyValueStore('w')).throws(/use getWindowStore\('w'\)/)
    expect(() => driver.getWindowStore('w').get('a' as never)).throws(
      /ask for \{ key, start, end \}/,
    )
    expect(() => driver.allStateStores().get('w')!.sessions('a')).throws(/it has windows\(key\)/)
    const { driver: none } = tables(() => {})
    expect(() => none.getKeyValueStore('w')).throws(/no store w: it has newest/)
  })

  it('on disk are read by key, and ranged over where they are ordered', async () => {
    const temp = await tempDir()
    const pool = await levelForTests(temp.dir, { cacheEntries: 1 })
    try {
      for (const ordered of [true, false]) {
        const spec = sums({ ordered })
        const { driver, input } = adding(spec, { state: (task) => pool.open(task) })
        for (const key of ['b', 'a', 'c']) input.pipeInput(key, item(1))
        await pool.apply()
        input.pipeInput('a', item(1))
        const store = driver.getKeyValueStore(spec)
        expect(['a', 'b', 'd'].map((key) => store.get(key))).deep.equal([
          { n: 2 },
          { n: 1 },
          undefined,
        ])
        const all = () => [...store.all()].map(([key, { n }]) => [key, n])
        if (ordered)
          expect(all()).deep.equal([
            ['a', 2],
            ['b', 1],
            ['c', 1],
          ])
        else expect(all).throws(/would have to wait for the disk: declare it \{ ordered: true \}/)
        driver.close()
      }
    } finally {
      await pool.close()
      await temp.remove()
    }
  })
})
