// Rows that cross a repartition log of the embedded log in a running app: placed by their new key, in order, over restarts.
import { expect } from 'chai'
import { embedded, json, openEmbedded, string } from '../../../src/index.ts'
import { keyValueStore } from '../../../src/processors/index.ts'
import type { KeyValueStore, Processor, ProcessorContext } from '../../../src/processors/index.ts'
import { MemoryLog, memoryTopic } from '../../../src/testing/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, failureOf, numbered } from './bench.ts'
import type { Numbered } from './bench.ts'

const counts = keyValueStore<string, number>('counts')

class Counting implements Processor<string, Numbered, string, Numbered> {
  #ctx!: ProcessorContext<string, Numbered>
  #store!: KeyValueStore<string, number>

  open(ctx: ProcessorContext<string, Numbered>): void {
    this.#ctx = ctx
    this.#store = ctx.store(counts)
  }

  process(key: string): void {
    const n = (this.#store.get(key) ?? 0) + 1
    this.#store.put(key, n)
    this.#ctx.forward(key, { n })
  }
}

describe('a repartition log in a running app', function () {
  this.timeout(30_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = embedded<string, Numbered>('orders', {
    key: string(),
    value: json<Numbered>(),
    partitions: 4,
  })
  const app = () => {
    const counted = bench.app({ every: '5ms' })
    counted
      .stream(orders)
      .keyBy(({ n }): string => `mod ${n % 3}`)
      .repartition({ name: 'by-rest' })
      .processValues(() => new Counting(), { stores: [counts] })
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    return counted
  }

  it('brings all rows of a new key to one task, whatever partition they came from, over restarts', async () => {
    for (let run = 1; run <= 3; run++) {
      for (let partition = 0; partition < 4; partition++)
        await bench.fill(orders, numbered(30), { partition, key: (n) => `key ${n}` })
      await app().run({ until: 'caught-up' })
    }
    const rows = (await readParts(`${bench.dir}/out`)) as { key: string; value: Numbered }[]
    for (const rest of [0, 1, 2]) {
      const seen = rows.filter(({ key }) => key === `mod ${rest}`).map(({ value }) => value.n)
      expect(seen).to.deep.equal(Array.from({ length: 120 }, (_, i) => i + 1))
    }
  })

  it('has as many partitions as the topics its rows come from, and the name of the node', async () => {
    await bench.fill(orders, numbered(3), { key: String })
    await app().run({ until: 'caught-up' })
    const log = await openEmbedded({ dir: bench.dir })
    const topics = new Map(log.topics().map(({ name, partitions }) => [name, partitions]))
    await log.close()
    expect(topics.get('by-rest-repartition')).to.equal(topics.get('orders'))
  })

  it('refuses to change its number of partitions, and names it', async () => {
    await bench.fill(orders, numbered(3), { key: String })
    await app().run({ until: 'caught-up' })
    const other = bench.app()
    other
      .stream(orders)
      .keyBy(({ n }): string => `mod ${n % 3}`)
      .repartition({ name: 'by-rest', partitions: 7 })
      .processValues(() => new Counting(), { stores: [counts] })
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    expect((await failureOf(other.run({ until: 'caught-up' }))).message).to.contain(
      'by-rest-repartition',
    )
  })
})

describe('a repartition log whose cluster decides commits in transactions', function () {
  this.timeout(30_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  it('brings rows and time to the tasks behind it, over restarts', async () => {
    const log = new MemoryLog()
    const source = memoryTopic<string, Numbered>(log, 'orders', { value: json<Numbered>() })
    log.create('orders', 3)
    log.create('out', 1)
    const app = () => {
      const counted = bench.app({ every: '5ms' })
      counted
        .stream(source)
        .keyBy(({ n }): string => `mod ${n % 3}`)
        .repartition({ name: 'by-rest', key: string(), value: json() })
        .processValues(() => new Counting(), { stores: [counts] })
        .to(partFiles<Numbered>(`${bench.dir}/out`))
      return counted
    }
    for (let run = 0; run < 2; run++) {
      for (let n = 0; n < 30; n++)
        log.append(`orders:${n % 3}`, [
          { key: null, value: json<Numbered>().encode({ n }), timestamp: n },
        ])
      await app().run({ until: 'caught-up' })
    }
    const rows = (await readParts(`${bench.dir}/out`)) as { key: string; value: Numbered }[]
    for (const rest of [0, 1, 2]) {
      const seen = rows.filter(({ key }) => key === `mod ${rest}`).map(({ value }) => value.n)
      expect(seen).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 1))
    }
  })
})

describe('a global table in a running app', function () {
  this.timeout(30_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = embedded<string, Numbered>('orders', { key: string(), value: json<Numbered>() })
  const names = embedded<string, Numbered>('names', {
    key: string(),
    value: json<Numbered>(),
    partitions: 3,
  })
  const app = (onError: 'fail' | 'skip') => {
    const joined = bench.app({ every: '5ms' })
    joined
      .stream(orders)
      .join(
        joined.globalTable(names, { onError }),
        (left, right) => ({ n: left.n * 1_000 + right.n }),
        { key: ({ n }) => `name ${n}` },
      )
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    return joined
  }

  it('is whole before the first row, whatever partition its rows are in', async () => {
    await bench.fill(names, numbered(20), { key: (n) => `name ${n}` })
    await bench.fill(orders, numbered(20), { key: String })
    await app('fail').run({ until: 'caught-up' })
    const rows = (await readParts(`${bench.dir}/out`)) as { value: Numbered }[]
    expect(rows.map(({ value }) => value.n).sort((a, b) => a - b)).to.deep.equal(
      numbered(20).map(({ n }) => n * 1_001),
    )
  })

  it('stops the app at a row that it cannot read, or skips it if it is told so', async () => {
    await bench.fill(names, [{ n: 0 }, 'not json', { n: 2 }], { key: (n) => `name ${n}` })
    await bench.fill(orders, numbered(3), { key: String })
    const failure = await failureOf(app('fail').run({ until: 'caught-up' }))
    expect(failure.message).to.match(/a row of the global table names cannot be read/)
    await app('skip').run({ until: 'caught-up' })
    const rows = (await readParts(`${bench.dir}/out`)) as { value: Numbered }[]
    expect(rows.map(({ value }) => value.n)).to.include(0)
  })
})
