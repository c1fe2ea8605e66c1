// Error policy `fail` on row i: every row before i is visible, nothing of i or after. Several splits, asynchronous steps
// above, forks, and rows that were in flight at the last commit.
import { expect } from 'chai'
import { readParts, partFiles } from '../../process/part-files.ts'
import { Bench, failureOf, ns, numbered, numbersTopic, sleep } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('error policy fail', function () {
  this.timeout(15_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const refuse =
    (bad: number) =>
    (row: Numbered): Numbered => {
      if (row.n === bad) throw new Error(`no ${bad}`)
      return row
    }

  for (const every of ['5ms', '10s'] as const) {
    it(`shows every row before the failed one and nothing of it or after, committing every ${every}`, async () => {
      const topic = numbersTopic('orders')
      await bench.fill(topic, numbered(3_000))
      const app = bench.app({ every })
      const stream = app.stream(topic)
      stream.to(partFiles(`${bench.dir}/before`))
      stream.mapValues(refuse(1_234)).to(partFiles(`${bench.dir}/behind`))
      const error = await failureOf(app.run({ until: 'caught-up' }))
      expect(error.code).to.equal('MILLRACE_NODE_FAILED')
      expect(app.state).to.equal('ERROR')
      expect(ns(await readParts(`${bench.dir}/before`))).to.deep.equal(
        ns(numbered(1_234).map((value) => ({ value }))),
      )
      expect(ns(await readParts(`${bench.dir}/behind`))).to.deep.equal(
        ns(numbered(1_234).map((value) => ({ value }))),
      )
    })
  }

  it('names app, task, node, split and position, and says what to do', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(10))
    const app = bench.app()
    app
      .stream(topic)
      .mapValues(refuse(4), { name: 'pricing' })
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.at).to.deep.equal({
      app: 'bench',
      task: 'orders/0',
      node: 'pricing',
      split: 'orders:0',
      position: '5',
    })
    expect(error.message)
      .to.contain('no 4')
      .and.to.contain("onError: 'skip'")
      .and.to.contain('dead-letter')
    expect(error.message)
      .to.contain('task orders/0')
      .and.to.contain('node pricing')
      .and.to.contain('split orders:0')
      .and.to.contain('position 5')
    expect(error.cause).to.be.instanceOf(Error).with.property('message', 'no 4')
  })

  it('stops before the same row at the next start, and goes on behind a fix without repeating anything', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(500))
    for (let start = 0; start < 2; start++) {
      const app = bench.app()
      app
        .stream(topic)
        .mapValues(refuse(321))
        .to(partFiles(`${bench.dir}/out`))
      await failureOf(app.run({ until: 'caught-up' }))
      expect(ns(await readParts(`${bench.dir}/out`)).at(-1), `start ${start}`).to.equal(320)
    }
    const fixed = bench.app()
    fixed.stream(topic).to(partFiles(`${bench.dir}/out`))
    await fixed.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
      ns(numbered(500).map((value) => ({ value }))),
    )
  })

  it('cuts between the rows of several splits where the merged order cuts', async () => {
    const left = numbersTopic('left')
    const right = numbersTopic('right')
    await bench.fill(left, numbered(400), { time: (i) => 2 * i })
    await bench.fill(right, numbered(1_400, 1_000), { time: (i) => 2 * i + 1 })
    const app = bench.app({ every: '5ms' })
    app
      .stream(left)
      .merge(app.stream(right))
      .mapValues(refuse(1_250))
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.at).to.include({ split: 'right:0', position: '251' })
    const expected = Array.from({ length: 250 }, (_, i) => [i, 1_000 + i]).flat()
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal([...expected, 250])
  })

  it('cuts before a row that cannot be decoded, in each of two splits', async () => {
    const left = numbersTopic('left')
    const right = numbersTopic('right')
    await bench.fill(left, numbered(100), { time: (i) => 2 * i })
    await bench.fill(right, [...numbered(1_040, 1_000), '{ not json', ...numbered(1_100, 1_041)], {
      time: (i) => 2 * i + 1,
    })
    const app = bench.app()
    app
      .stream(left)
      .merge(app.stream(right))
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.at).to.include({ node: 'right', split: 'right:0', position: '41' })
    const out = ns(await readParts(`${bench.dir}/out`))
    expect(out.filter((n) => n >= 1_000)).to.deep.equal(
      ns(numbered(1_040, 1_000).map((value) => ({ value }))),
    )
    expect(Math.max(...out.filter((n) => n < 1_000))).to.be.within(39, 40)
  })

  it('cuts below an asynchronous step whose rows were not in flight at a commit', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(300))
    const app = bench.app({ every: '10s' })
    app
      .stream(topic)
      .mapValuesAsync(
        async (row) => {
          await sleep(row.n % 3)
          return row
        },
        { capacity: 16 },
      )
      .mapValues(refuse(123))
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.at).to.include({ split: 'orders:0', position: '124' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
      ns(numbered(123).map((value) => ({ value }))),
    )
  })

  it('cuts before a row that was in flight at the last commit: the rows in flight before it become visible', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(64))
    const held: (() => void)[] = []
    let commits = (): number => 0
    const first = bench.app({ every: '5ms' })
    first
      .stream(topic)
      .mapValuesAsync(
        async (row) => {
          await new Promise<void>((resolve) => held.push(resolve))
          return row
        },
        { capacity: 32 },
      )
      .mapValues(refuse(20))
      .to(partFiles(`${bench.dir}/out`))
    const run = failureOf(first.run({ until: 'caught-up' }))
    commits = () => (first.state === 'RUNNING' ? first.report().commits : 0)
    const releasing = (async () => {
      while (first.state !== 'ERROR') {
        if (commits() > 0) held.splice(0).forEach((resolve) => resolve())
        await sleep(2)
      }
    })()
    const error = await run
    await releasing
    expect(error.at).to.include({ split: 'orders:0', position: '21' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
      ns(numbered(20).map((value) => ({ value }))),
    )
  })

  for (const bad of [17, 60, 95]) {
    it(`cuts before row ${bad} on every way through two asynchronous steps and round them, over restarts`, async () => {
      const topic = numbersTopic('orders')
      await bench.fill(topic, numbered(120))
      const later = (ms: number) => async (row: Numbered) => (await sleep((row.n * 7) % ms), row)
      for (let start = 0; start < 2; start++) {
        const app = bench.app({ every: '5ms' })
        const above = app.stream(topic).flatMapValues((row) => [row, row])
        const first = above.mapValuesAsync(later(9), { name: 'first', capacity: 24 })
        first.to(partFiles(`${bench.dir}/between`))
        const second = first.mapValuesAsync(later(13), { name: 'second', capacity: 24 })
        second
          .merge(above)
          .mapValues(refuse(bad))
          .to(partFiles(`${bench.dir}/out`))
        const error = await failureOf(app.run({ until: 'caught-up' }))
        expect(error.at, `start ${start}`).to.include({
          split: 'orders:0',
          position: String(bad + 1),
        })
        const out = ns(await readParts(`${bench.dir}/out`)).sort((a, b) => a - b)
        expect(out, `start ${start}`).to.deep.equal(numbered(bad).flatMap(({ n }) => [n, n, n, n]))
      }
      const fixed = bench.app()
      const above = fixed.stream(topic).flatMapValues((row) => [row, row])
      const first = above.mapValuesAsync(later(2), { name: 'first', capacity: 24 })
      first.to(partFiles(`${bench.dir}/between`))
      first
        .mapValuesAsync(later(2), { name: 'second', capacity: 24 })
        .merge(above)
        .to(partFiles(`${bench.dir}/out`))
      await fixed.run({ until: 'caught-up' })
      const out = ns(await readParts(`${bench.dir}/out`)).sort((a, b) => a - b)
      expect(out).to.deep.equal(numbered(120).flatMap(({ n }) => [n, n, n, n]))
      expect(ns(await readParts(`${bench.dir}/between`))).to.deep.equal(
        numbered(120).flatMap(({ n }) => [n, n]),
      )
    })
  }

  it('stops for a call that failed once while in flight at a commit, other tasks being unharmed, and may be closed', async () => {
    const topic = numbersTopic('orders', 2)
    await bench.fill(topic, numbered(20), { partition: 0 })
    await bench.fill(topic, numbered(120, 100), { partition: 1 })
    let failures = 0
    const app = bench.app({ every: '5ms' })
    app
      .stream(topic)
      .mapValuesAsync(
        async (row) => {
          await sleep(40)
          if (row.n === 7 && failures++ === 0) throw new Error('just once')
          return row
        },
        { capacity: 32 },
      )
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.message).to.contain('just once')
    const out = await readParts(`${bench.dir}/out`)
    expect(ns(out.filter(({ task }) => task === 'orders/0'))).to.deep.equal([0, 1, 2, 3, 4, 5, 6])

    const next = bench.app()
    next
      .stream(topic)
      .mapValuesAsync(async (row) => row, { capacity: 32 })
      .to(partFiles(`${bench.dir}/out`))
    await next.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`)).sort((a, b) => a - b)).to.deep.equal(
      [...numbered(20), ...numbered(120, 100)].map(({ n }) => n),
    )
  })
})
