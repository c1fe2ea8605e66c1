// A topology against the checkpoint of an earlier one: additions are accepted, what would leave rows or state behind is
// refused with the list of it (law 11).
import { expect } from 'chai'
import type { App } from '../../../src/app.ts'
import { generator } from '../../../src/log/generator/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, eventually, failureOf, ns, numbered, numbersTopic, sleep } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('a topology and the checkpoint of an earlier one', function () {
  this.timeout(10_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
    await bench.fill(orders, numbered(100))
  })
  afterEach(() => bench.close())

  const orders = numbersTopic('orders')
  const same = async (row: Numbered): Promise<Numbered> => row
  const out = (name = 'out') => partFiles<unknown>(`${bench.dir}/${name}`)

  async function runOnce(build: (app: App) => void): Promise<void> {
    const app = bench.app()
    build(app)
    await app.run({ until: 'caught-up' })
  }
  async function refused(build: (app: App) => void): Promise<string> {
    const app = bench.app()
    build(app)
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_TOPOLOGY_CHANGED')
    expect(app.state).to.equal('ERROR')
    return error.message
  }

  it('accepts a further filter, map or sink, and goes on where it was', async () => {
    await runOnce((app) => app.stream(orders).mapValuesAsync(same).to(out()))
    await bench.fill(orders, numbered(200, 100))
    await runOnce((app) => {
      const stream = app
        .stream(orders)
        .filter((row) => row.n !== 150)
        .mapValuesAsync(same)
        .mapValues((row) => row)
      stream.to(out())
      stream.to(out('more'))
    })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
      numbered(200)
        .map(({ n }) => n)
        .filter((n) => n !== 150),
    )
    expect(ns(await readParts(`${bench.dir}/more`))).to.deep.equal(
      numbered(200, 100)
        .map(({ n }) => n)
        .filter((n) => n !== 150),
    )
  })

  it('accepts a further source in a sub-topology of its own', async () => {
    await runOnce((app) => app.stream(orders).to(out()))
    await runOnce((app) => {
      app.stream(orders).to(out())
      app
        .stream(
          generator<Numbered>({
            name: 'made',
            rows: 5,
            make: (n) => ({ value: { n }, timestamp: n }),
          }),
        )
        .to(out('made'))
    })
    expect(await readParts(`${bench.dir}/out`)).to.have.length(100)
    expect(await readParts(`${bench.dir}/made`)).to.have.length(5)
  })

  it('refuses a removed source, a renamed asynchronous node and a removed sink, listing each with its way out', async () => {
    const returns = numbersTopic('returns')
    await runOnce((app) => {
      app.stream(orders).mapValuesAsync(same, { name: 'lookup' }).to(out())
      app.stream(returns).to(out('returns'))
    })
    const message = await refused((app) =>
      app.stream(orders).mapValuesAsync(same, { name: 'enrich' }).to(out()),
    )
    expect(message).to.contain('removed: source returns of sub-topology returns')
    expect(message).to.contain('removed: async lookup of sub-topology orders')
    expect(message).to.contain('removed: sink parts:returns')
    expect(message).to.contain('added: async enrich')
    expect(message).to.contain("{ name: '...' }").and.to.contain('app id')
  })

  it('refuses an asynchronous node whose mode changed', async () => {
    await runOnce((app) => app.stream(orders).mapValuesAsync(same, { name: 'lookup' }).to(out()))
    const message = await refused((app) =>
      app.stream(orders).mapValuesAsync(same, { name: 'lookup', mode: 'unordered' }).to(out()),
    )
    expect(message).to.match(/changed: lookup .*ordered.*unordered/)
  })

  it('takes the old topology back up after a refused one: the refusal has changed nothing', async () => {
    await runOnce((app) => app.stream(orders).mapValuesAsync(same, { name: 'lookup' }).to(out()))
    await refused((app) => app.stream(orders).to(out()))
    await bench.fill(orders, numbered(110, 100))
    await runOnce((app) => app.stream(orders).mapValuesAsync(same, { name: 'lookup' }).to(out()))
    expect(await readParts(`${bench.dir}/out`)).to.have.length(110)
  })

  it('takes the old topology back up after a start of a larger one that failed before its first row', async () => {
    await runOnce((app) => app.stream(orders).to(out()))
    const larger = bench.app()
    const stream = larger.stream(orders)
    stream.to(out())
    stream.to(
      partFiles(`${bench.dir}/more`, {
        opening: () => {
          throw new Error('no such bucket')
        },
      }),
    )
    await larger.run({ until: 'caught-up' }).catch(() => {})
    await bench.fill(orders, numbered(110, 100))
    await runOnce((app) => app.stream(orders).to(out()))
    expect(await readParts(`${bench.dir}/out`)).to.have.length(110)
  })

  it('refuses to lose rows that were decided for a dead-letter sink that is gone, and publishes them when it is back', async () => {
    const failing = (app: App, works: boolean): void => {
      const deadLetter = partFiles(`${bench.dir}/dead`, {
        publishing: () => {
          if (!works) throw new TypeError('no such bucket')
        },
      })
      app
        .stream(orders)
        .mapValues(
          (row) => {
            if (row.n === 5) throw new Error('five')
            return row
          },
          { onError: { deadLetter } },
        )
        .to(out())
    }
    const first = bench.app()
    failing(first, false)
    await first.run({ until: 'caught-up' }).catch(() => {})
    const message = await refused((app) => app.stream(orders).to(out()))
    expect(message)
      .to.contain('dead-letter:parts:dead')
      .and.to.contain('start the old version once')
    await runOnce((app) => failing(app, true))
    expect(await readParts(`${bench.dir}/dead`)).to.have.length(1)
    expect(await readParts(`${bench.dir}/out`)).to.have.length(99)
    await runOnce((app) => app.stream(orders).to(out()))
  })

  it('refuses rows in flight at a place that is gone, and takes them once nothing is in flight', async () => {
    const twoWays = (app: App, call: (row: Numbered) => Promise<Numbered>, name: string): void => {
      const stream = app.stream(orders)
      stream
        .mapValuesAsync(call, { name: 'lookup', capacity: 4 })
        .merge(
          stream.filter((row) => row.n < 1_000),
          { name },
        )
        .to(out())
    }
    const first = bench.app({ every: '5ms' })
    twoWays(first, () => new Promise(() => {}), 'both')
    await first.start({ stopWithin: '30ms' })
    await eventually('a commit lists rows in flight', () => first.report().commits > 0)
    await first.close()
    const message = await refused((app) => twoWays(app, same, 'joined'))
    expect(message).to.contain('rows in flight in both@1').and.to.contain('stop it gracefully')
    await runOnce((app) => twoWays(app, async (row) => (await sleep(0), row), 'both'))
    await runOnce((app) => twoWays(app, same, 'joined'))
    expect((await readParts(`${bench.dir}/out`)).length).to.equal(200)
  })
})
