// Stores of a running app, asked by their name: what is decided, and what processors see, in memory and on disk.
import { expect } from 'chai'
import { join } from 'node:path'
import type { App, StateSpec, Windowed } from '../../../src/index.ts'
import { level } from '../../../src/level.ts'
import { keyValueStore } from '../../../src/processors/index.ts'
import type { KeyValueStore, Processor, ProcessorContext } from '../../../src/processors/index.ts'
import { memoryState } from '../../../src/state/memory/index.ts'
import { session, tumbling } from '../../../src/time/windows.ts'
import { Bench, eventually, failureOf, numbered, numbersTopic, wrapped } from './bench.ts'
import type { Numbered } from './bench.ts'

const counts = keyValueStore<string, { rows: number }>('counts')

class Counting implements Processor<string, Numbered, string, Numbered> {
  #store!: KeyValueStore<string, { rows: number }>

  open(ctx: ProcessorContext<string, Numbered>): void {
    this.#store = ctx.store(counts)
  }

  process(key: string, value: Numbered): void {
    const count = this.#store.get(key) ?? { rows: 0 }
    count.rows++
    if (value.n < 0) this.#store.delete(key)
    else this.#store.put(key, count)
  }
}

const orders = numbersTopic('orders')
const keyOf = (n: number): string => `key ${n % 10}`

async function read<P>(pairs: AsyncIterable<P>): Promise<P[]> {
  const found: P[] = []
  for await (const pair of pairs) found.push(pair)
  return found
}

/** A store of commits that holds them up. */
class Gate {
  #open: () => void = () => {}
  #passed: Promise<void> = Promise.resolve()
  waiting = 0

  close(): void {
    this.#passed = new Promise((resolve) => (this.#open = resolve))
  }

  open(): void {
    this.#open()
  }

  async pass(): Promise<void> {
    this.waiting++
    await this.#passed
    this.waiting--
  }
}

const states: readonly [string, (bench: Bench) => StateSpec][] = [
  ['in memory', () => memoryState({ queries: true })],
  ['on disk', (bench) => level({ dir: join(bench.dir, 'state') })],
  [
    'on disk with next to nothing in memory',
    (bench) =>
      level({ dir: join(bench.dir, 'state'), cacheEntries: 2, dueFront: 3, memory: 4_500_000 }),
  ],
]

for (const [where, stateOf] of states)
  describe(`queries of state ${where}`, function () {
    this.timeout(20_000)
    let bench: Bench
    let gate: Gate
    beforeEach(async () => {
      bench = await Bench.open()
      gate = new Gate()
    })
    afterEach(async () => {
      gate.open()
      await bench.close()
    })

    const appOf = (): App =>
      bench.app({
        state: stateOf(bench),
        checkpoint: wrapped(bench.checkpoint('5ms'), (store) => ({
          create: async (key, bytes) => {
            if (key.endsWith('.rec')) await gate.pass()
            return store.create(key, bytes)
          },
        })),
      })
    const counting = (): App => {
      const app = appOf()
      app.stream(orders).process(() => new Counting() as never, { stores: [counts] })
      return app
    }
    const rowsOf = (app: App, key: string, committed: boolean): Promise<number | undefined> =>
      app
        .store<string, { rows: number }>('counts', { committed })
        .get(key)
        .then((count) => count?.rows)

    it('shows what is decided and nothing else, unless it is told to', async () => {
      await bench.fill(orders, numbered(20), { key: keyOf })
      await counting().run({ until: 'caught-up' })
      // New keys, changed ones, and one that goes.
      const more = [...numbered(20), { n: -1 }]
      await bench.fill(orders, more, { key: (i) => (i === 20 ? 'key 3' : `key ${i % 20}`) })
      gate.close()
      const app = counting()
      await app.start()
      await eventually('the rows are taken', async () => (await rowsOf(app, 'key 0', false)) === 3)
      await eventually('they are frozen', () => gate.waiting > 0)
      const committed = app.store<string, { rows: number }>('counts')
      const newest = app.store<string, { rows: number }>('counts', { committed: false })
      expect(await committed.get('key 0')).to.deep.equal({ rows: 2 })
      expect(await committed.get('key 3')).to.deep.equal({ rows: 2 })
      expect(await committed.get('key 11')).to.equal(undefined)
      expect(await newest.get('key 3')).to.equal(undefined)
      expect(await newest.get('key 11')).to.deep.equal({ rows: 1 })
      const shown = async (store: typeof committed): Promise<string[]> =>
        (await read(store.all())).map(([key, { rows }]) => `${key}: ${rows}`)
      const ten = Array.from({ length: 10 }, (_, i) => `key ${i}: 2`)
      expect(await shown(committed)).to.deep.equal(ten)
      const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`).filter((key) => key !== 'key 3')
      expect(await shown(newest)).to.deep.equal(
        keys.sort().map((key) => `${key}: ${key.length === 5 ? 3 : 1}`),
      )
      const some = async (pairs: AsyncIterable<readonly [string, unknown]>): Promise<string[]> =>
        (await read(pairs)).map(([key]) => key)
      const last = { reverse: true, limit: 2 }
      expect(await some(newest.all(last))).to.deep.equal(['key 9', 'key 8'])
      const range = committed.range('key 4', 'key 6')
      expect(await some(range)).to.deep.equal(['key 4', 'key 5', 'key 6'])
      gate.open()
      await eventually('they are decided', async () => (await rowsOf(app, 'key 0', true)) === 3)
      expect(await committed.get('key 3')).to.equal(undefined)
      expect(await shown(committed)).to.deep.equal(await shown(newest))
    })

    it('gives away what is not the processor’s', async () => {
      await bench.fill(orders, numbered(20), { key: keyOf })
      const app = counting()
      await app.start()
      await eventually('the rows are counted', async () => (await rowsOf(app, 'key 0', true)) === 2)
      for (const committed of [true, false]) {
        const store = app.store<string, { rows: number }>('counts', { committed })
        const count = await store.get('key 0')
        count!.rows = 100
        for await (const [, value] of store.all()) value.rows = 100
        expect(await store.get('key 0')).to.deep.equal({ rows: 2 })
      }
    })

    it('reads many rows in order, from either end', async () => {
      await bench.fill(orders, numbered(5_000), { key: (n) => String(n).padStart(6, '0') })
      const app = counting()
      await app.start()
      await eventually(
        'the rows are decided',
        async () => (await rowsOf(app, '004999', true)) !== undefined,
      )
      for (const committed of [true, false]) {
        const store = app.store<string, { rows: number }>('counts', { committed })
        const keys = (await read(store.all())).map(([key]) => key)
        expect(keys).to.deep.equal(numbered(5_000).map(({ n }) => String(n).padStart(6, '0')))
        const down = (await read(store.range('001000', '003999', { reverse: true }))).map(
          ([key]) => key,
        )
        expect(down).to.deep.equal(keys.slice(1_000, 4_000).reverse())
      }
    })

    it('asks the tasks of this worker, one after the other', async () => {
      const topic = numbersTopic('orders', 3)
      for (const partition of [2, 0, 1])
        await bench.fill(topic, numbered(3), { partition, key: (n) => `${n} of ${partition}` })
      const app = appOf()
      app.stream(topic).process(() => new Counting() as never, { stores: [counts] })
      await app.start()
      const store = app.store<string, { rows: number }>('counts')
      await eventually('all are decided', async () => (await read(store.all())).length === 9)
      const keys = async (options = {}): Promise<string[]> =>
        (await read(store.all(options))).map(([key]) => key)
      expect(await keys()).to.deep.equal(
        [0, 1, 2].flatMap((partition) => numbered(3).map(({ n }) => `${n} of ${partition}`)),
      )
      expect(await keys({ limit: 4, reverse: true })).to.deep.equal([
        '2 of 0',
        '1 of 0',
        '0 of 0',
        '2 of 1',
      ])
      expect(await store.get('1 of 2')).to.deep.equal({ rows: 1 })
    })

    it('reads tables, windows, sessions, versions and global tables', async () => {
      const products = numbersTopic('products')
      await bench.fill(products, numbered(3), { key: (n) => `p${n}` })
      await bench.fill(orders, numbered(30), { key: keyOf, time: (n) => n })
      const app = appOf()
      const rows = app.stream(orders)
      rows.toTable({ store: 'newest' })
      rows.toTable({ name: 'versions', versioned: { history: '1m' } })
      const grouped = rows.groupByKey()
      grouped.count({ name: 'rows-per-key' })
      grouped.windowedBy(tumbling('20ms')).count({ name: 'windows', retention: '1m' })
      grouped.windowedBy(session('15ms')).count({ name: 'sessions', retention: '1m' })
      const global = app.globalTable(products)
      rows.join(global, (v) => v, { key: () => 'p1' }).foreach(() => {})
      await app.start()
      const newest = app.store<string, Numbered>('newest')
      await eventually('all are decided', async () => (await newest.get('key 9'))?.n === 29)
      expect(newest.shape).to.equal('key-value')
      expect(await app.store('rows-per-key').get('key 4')).to.equal(3)
      const versions = app.store<string, Numbered>('versions')
      expect(await versions.get('key 4')).to.deep.equal({ n: 24 })
      expect(await versions.get('key 4', { asOf: 23 })).to.deep.equal({ n: 14 })
      expect((await read(versions.range('key 8', undefined))).map(([, { n }]) => n)).to.deep.equal([
        28, 29,
      ])
      const windows = app.store<Windowed<string>, number>('windows')
      expect(await windows.get({ key: 'key 4', start: 0, end: 20 })).to.equal(2)
      expect(await read(windows.windows('key 4'))).to.deep.equal([
        [{ key: 'key 4', start: 0, end: 20 }, 2],
        [{ key: 'key 4', start: 20, end: 40 }, 1],
      ])
      expect(await read(windows.windows('key 4', 1, 20))).to.have.length(1)
      expect(await read(windows.all())).to.have.length(20)
      const sessions = app.store<Windowed<string>, number>('sessions')
      expect(await read(sessions.sessions('key 4'))).to.deep.equal([
        [{ key: 'key 4', start: 4, end: 24 }, 3],
      ])
      const table = app.store<string, Numbered>('products')
      expect(await table.get('p1')).to.deep.equal({ n: 1 })
      expect((await read(table.range('p1', 'p2'))).map(([key]) => key)).to.deep.equal(['p1', 'p2'])
    })
  })

describe('queries', function () {
  this.timeout(20_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const table = (options: Parameters<Bench['app']>[0] = {}): App => {
    const app = bench.app(options)
    app.table(orders, { store: 'newest' })
    return app
  }
  const thrown = (ask: () => unknown): { code: string; message: string } => {
    try {
      ask()
    } catch (error) {
      return error as { code: string; message: string }
    }
    throw new Error('it did not throw')
  }

  it('are refused before the app runs, and when it has stopped', async () => {
    await bench.fill(orders, numbered(1))
    const app = table({ state: memoryState({ queries: true }) })
    expect(thrown(() => app.store('newest'))).to.include({ code: 'MILLRACE_LIFECYCLE' })
    const starting = app.start()
    expect(thrown(() => app.store('newest'))).to.include({ code: 'MILLRACE_STORE_UNAVAILABLE' })
    await starting
    const store = app.store('newest')
    await store.get('key-0')
    await app.close()
    expect((await failureOf(store.get('key-0'))).message).to.contain('the app is NOT_RUNNING')
    expect((await failureOf(read(store.all()))).code).to.equal('MILLRACE_LIFECYCLE')
    expect(thrown(() => app.store('newest')).message).to.contain('the app is NOT_RUNNING')
  })

  it('say which stores there are, and what each can be asked', async () => {
    await bench.fill(orders, numbered(1))
    const app = table({ state: memoryState({ queries: true }) })
    await app.start()
    expect(thrown(() => app.store('newst'))).to.include({ code: 'MILLRACE_CONFIG' })
    expect(thrown(() => app.store('newst')).message).to.contain('no store newst: it has newest')
    const store = app.store('newest')
    expect(thrown(() => store.windows('a')).message).to.contain('it has get, range and all')
    expect((await failureOf(store.get('a', { asOf: 1 }))).message).to.contain('which is key-value')
  })

  it('of committed rows want a state that keeps them', async () => {
    await bench.fill(orders, numbered(1))
    const app = table()
    await app.start()
    expect((await failureOf(app.store('newest').get('key-0'))).message).to.contain(
      'memoryState({ queries: true })',
    )
    const newest = app.store('newest', { committed: false })
    await eventually('the row is there', async () => (await newest.get('key-0')) !== undefined)
  })

  it('are not answered in part while a task is built anew', async () => {
    const topic = numbersTopic('orders', 2)
    await bench.fill(topic, numbered(5), { partition: 0 })
    await bench.fill(topic, [{ n: -99 }], { partition: 1 })
    const app = bench.app({ state: memoryState({ queries: true }) })
    app
      .stream(topic)
      .mapValues((value) => {
        if (value.n === -99) throw new Error('not this one')
        return value
      })
      .toTable({ store: 'newest' })
    let failures = 0
    await app.start({ uncaught: () => (failures++, 'replace') })
    await eventually('a task has failed twice', () => failures >= 2)
    const error = await failureOf(read(app.store('newest').all()))
    expect(error).to.include({ code: 'MILLRACE_STORE_UNAVAILABLE', family: 'retriable' })
    expect(error.message).to.contain('its task orders/1 is being opened')
  })

  it('end with an error when a task leaves while it is read', async () => {
    await bench.fill(orders, numbered(3_000), { key: String })
    for (const state of [
      memoryState({ queries: true }),
      level({ dir: join(bench.dir, 'state') }),
    ]) {
      const app = table({ state })
      await app.start()
      const store = app.store<string, Numbered>('newest')
      await eventually('all is there', async () => (await store.get('2999')) !== undefined)
      const reading = store.all()[Symbol.asyncIterator]()
      await reading.next()
      await app.close()
      const rest = async (): Promise<void> => {
        while ((await reading.next()).done !== true) continue
      }
      expect((await failureOf(rest())).code).to.equal('MILLRACE_STORE_UNAVAILABLE')
    }
  })
})
