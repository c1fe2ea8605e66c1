// State over restarts of the whole app: a store is what the committed rows made of it.
import { expect } from 'chai'
import { keyValueStore } from '../../../src/processors/index.ts'
import type { KeyValueStore, Processor, ProcessorContext } from '../../../src/processors/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, failureOf, numbered, numbersTopic } from './bench.ts'
import type { Numbered } from './bench.ts'

const counts = keyValueStore<string, { rows: number }>('counts')

class Counting implements Processor<string, Numbered, string, Numbered> {
  #ctx!: ProcessorContext<string, Numbered>
  #store!: KeyValueStore<string, { rows: number }>

  open(ctx: ProcessorContext<string, Numbered>): void {
    this.#ctx = ctx
    this.#store = ctx.store(counts)
  }

  process(key: string, value: Numbered): void {
    if (value.n === 99) throw new Error('not this one')
    const count = this.#store.get(key) ?? { rows: 0 }
    count.rows++
    this.#store.put(key, count)
    this.#ctx.forward(key, { n: count.rows })
  }
}

describe('the state of an app', function () {
  this.timeout(20_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = numbersTopic('orders')
  const one = { key: () => 'the key' }
  const counting = () => {
    const app = bench.app({ every: '5ms' })
    app
      .stream(orders)
      .processValues(() => new Counting(), { stores: [counts] })
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    return app
  }
  const shown = async (): Promise<number[]> =>
    (await readParts(`${bench.dir}/out`)).map(({ value }) => (value as Numbered).n)

  it('goes on after a stop where it was', async () => {
    for (let run = 1; run <= 3; run++) {
      await bench.fill(orders, numbered(10), one)
      await counting().run({ until: 'caught-up' })
    }
    expect(await shown()).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 1))
  })

  it('holds nothing of a row that failed its task, nor of any behind it', async () => {
    await bench.fill(orders, [...numbered(5), { n: 99 }, ...numbered(5)], one)
    expect((await failureOf(counting().run())).message).to.contain('not this one')
    expect(await shown()).to.deep.equal([1, 2, 3, 4, 5])
    await failureOf(counting().run())
    expect(await shown()).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('refuses a topology without a store that the checkpoint has', async () => {
    await bench.fill(orders, numbered(3), one)
    await counting().run({ until: 'caught-up' })
    const without = bench.app()
    without.stream(orders).to(partFiles<Numbered>(`${bench.dir}/out`))
    const error = await failureOf(without.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_TOPOLOGY_CHANGED')
    expect(error.message).to.contain('removed: processValues orders.processValues')
  })
})
