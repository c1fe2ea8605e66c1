// `partitioned: true` is checked, not believed.
import { expect } from 'chai'
import { embedded, json, string } from '../../../src/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, failureOf, numbered } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('a key that the source is said to be split by', function () {
  this.timeout(20_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = embedded<string, Numbered>('orders', {
    key: string(),
    value: json<Numbered>(),
    partitions: 3,
  })
  const keyed = (key: (n: number) => string) => {
    const app = bench.app({ every: '5ms' })
    app
      .stream(orders)
      .keyBy(({ n }) => key(n), { partitioned: true })
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    return app
  }

  it('passes when it is', async () => {
    await bench.fill(orders, numbered(50), { key: (n) => `user ${n}` })
    await keyed((n) => `user ${n}`).run({ until: 'caught-up' })
    expect(await readParts(`${bench.dir}/out`)).to.have.length(50)
  })

  it('fails the task where it is not, and names key, split and option', async () => {
    await bench.fill(orders, numbered(50), { key: (n) => `user ${n}` })
    const error = await failureOf(keyed((n) => `other ${n}`).run({ until: 'caught-up' }))
    expect(error.message).to.match(/the key "other \d+" came from partition \d of 3/)
    expect(error.message).to.contain('{ partitioned: true }')
  })
})
