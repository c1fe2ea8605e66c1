// The states of an app as a listener sees them, and what may be asked of it in each.
import { expect } from 'chai'
import { generator } from '../../../src/log/generator/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, eventually, failureOf, numbered, numbersTopic, sleep, statesOf } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('the life of an app', function () {
  this.timeout(10_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = numbersTopic('orders')
  const out = () => partFiles<unknown>(`${bench.dir}/out`)

  it('goes through its states in order when it runs until the logs are done', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app.stream(orders).to(out())
    const states = statesOf(app)
    expect(app.state).to.equal('CREATED')
    await app.run({ until: 'caught-up' })
    expect(states).to.deep.equal(['REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'NOT_RUNNING'])
  })

  it("means by 'latest' what it meant at its first start", async () => {
    await bench.fill(orders, numbered(3))
    const latest = { ...orders, start: 'latest' as const }
    const first = bench.app()
    first.stream(latest).to(out())
    await first.run({ until: 'caught-up' })
    await bench.fill(orders, numbered(105, 100))
    const second = bench.app()
    second.stream(latest).to(out())
    expect((await second.run({ until: 'caught-up' })).rows).to.equal(5)
    expect(await readParts(`${bench.dir}/out`)).to.have.length(5)
  })

  it('ends in ERROR when it cannot start, and rejects', async () => {
    const app = bench.app()
    app.stream(orders).to(
      partFiles(`${bench.dir}/out`, {
        opening: () => {
          throw new Error('no such bucket')
        },
      }),
    )
    const states = statesOf(app)
    const outcome = await app.run({ until: 'caught-up' }).then(
      () => 'ran',
      (error: unknown) => (error as Error).message,
    )
    expect(outcome).to.contain('no such bucket')
    expect(states).to.deep.equal(['REBALANCING', 'PENDING_ERROR', 'ERROR'])
    await app.close()
    expect(states).to.have.length(3)
  })

  it('ends in ERROR when a task fails, and may be closed then', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app
      .stream(orders)
      .mapValues((): Numbered => {
        throw new Error('no')
      })
      .to(out())
    const states = statesOf(app)
    await failureOf(app.run())
    expect(states).to.deep.equal(['REBALANCING', 'RUNNING', 'PENDING_ERROR', 'ERROR'])
    await app.close()
    await app.close()
    expect(states).to.have.length(4)
  })

  it('tells an app that was started, not run, that a task failed', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app
      .stream(orders)
      .mapValues((): Numbered => {
        throw new Error('no')
      })
      .to(out())
    await app.start()
    await eventually('it has stopped', () => app.state === 'ERROR')
    expect(
      bench.logged.some((line) => line.startsWith('error') && line.includes('has stopped')),
    ).to.equal(true)
    await app.close()
  })

  it('stops once, however often it is closed', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app.stream(orders).to(out())
    const states = statesOf(app)
    await app.start()
    await Promise.all([app.close(), app.close()])
    await app.close()
    expect(states).to.deep.equal(['REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'NOT_RUNNING'])
  })

  it('stops in order when it is closed while it starts', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app.stream(orders).to(out())
    const states = statesOf(app)
    const starting = app.start()
    const closing = app.close()
    await Promise.all([starting, closing])
    expect(states).to.deep.equal(['REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'NOT_RUNNING'])
    const next = bench.app()
    next.stream(orders).to(out())
    await next.run({ until: 'caught-up' })
    expect(await readParts(`${bench.dir}/out`)).to.have.length(10)
  })

  it('may be closed from a function of a node', async () => {
    await bench.fill(orders, numbered(100))
    const app = bench.app()
    app
      .stream(orders)
      .peek((row) => {
        if (row.n === 50) void app.close()
      })
      .to(out())
    await app.run()
    expect(app.state).to.equal('NOT_RUNNING')
    expect((await readParts(`${bench.dir}/out`)).length).to.be.at.least(51)
  })

  it('ends at once when it runs until caught up with sources that are empty', async () => {
    const app = bench.app()
    app.stream(orders).to(out())
    app
      .stream(
        generator<Numbered>({
          name: 'none',
          rows: 0,
          make: (n) => ({ value: { n }, timestamp: n }),
        }),
      )
      .to(partFiles(`${bench.dir}/none`))
    const before = Date.now()
    const report = await app.run({ until: 'caught-up' })
    expect(report).to.include({ rows: 0, published: 0, lag: 0 })
    expect(Date.now() - before).to.be.below(2_000)
  })

  it('goes on with rows that come later when it runs until stopped', async () => {
    const app = bench.app()
    app.stream(orders).to(out())
    const running = app.run()
    await eventually('it runs', () => app.state === 'RUNNING')
    await bench.fill(orders, numbered(5))
    await eventually(
      'they are there',
      async () => (await readParts(`${bench.dir}/out`)).length === 5,
    )
    await bench.fill(orders, numbered(10, 5))
    await eventually('and these', async () => (await readParts(`${bench.dir}/out`)).length === 10)
    await app.close()
    expect((await running).rows).to.equal(10)
  })

  it('reports rows, commits, lag and nodes while it runs', async () => {
    await bench.fill(orders, numbered(100))
    const app = bench.app()
    expect(() => app.report()).to.throw('has not been started')
    app
      .stream(orders)
      .filter((row) => row.n % 2 === 0, { name: 'even' })
      .mapValuesAsync(
        async (row) => {
          await sleep(5)
          return row
        },
        { name: 'slow', capacity: 4 },
      )
      .to(out())
    await app.start()
    let seen = false
    await eventually('everything is done', () => {
      const { nodes } = app.report()
      for (const [name, node] of nodes) {
        const dropped = [...node.reasons.values()].reduce((sum, count) => sum + count, 0)
        expect(
          node.forwarded +
            node.absorbed +
            node.filtered +
            node.late +
            node.deadLettered +
            node.inFlight +
            dropped,
          `law 1 at ${name}`,
        ).to.equal(node.taken)
      }
      const slow = nodes.get('slow')!
      expect(slow.inFlight).to.be.at.most(4)
      seen ||= slow.inFlight > 0
      return slow.forwarded === 50
    })
    expect(seen).to.equal(true)
    await app.close()
    const report = app.report()
    expect(report).to.include({ rows: 100, published: 50, lag: 0 })
    expect(report.nodes.get('even')).to.include({ taken: 100, filtered: 50, forwarded: 50 })
  })

  it('goes on when a listener throws', async () => {
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app.stream(orders).to(out())
    app.onStateChange(() => {
      throw new Error('the listener is broken')
    })
    const states = statesOf(app)
    await app.run({ until: 'caught-up' })
    expect(states.at(-1)).to.equal('NOT_RUNNING')
    expect(await readParts(`${bench.dir}/out`)).to.have.length(10)
    expect(bench.logged.some((line) => line.includes('the listener is broken'))).to.equal(true)
  })
})
