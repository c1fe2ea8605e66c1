// Asynchronous steps under the worker: bounds, timeouts that go to the policy of the node, rows in flight over a restart.
import { expect } from 'chai'
import { generator } from '../../../src/log/generator/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, eventually, failureOf, ns, numbered, numbersTopic, sleep } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('asynchronous steps', function () {
  this.timeout(15_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const all = (rows: number): number[] => numbered(rows).map(({ n }) => n)
  const never = (): Promise<never> => new Promise(() => {})

  it('has at most `capacity` calls in flight and polls a bounded number of rows ahead of a slow one', async () => {
    let made = 0
    const source = generator<Numbered>({
      name: 'made',
      rows: 1_000_000,
      make: (n) => ({ value: { n: (made = n) }, timestamp: n }),
    })
    let running = 0
    let most = 0
    let answered = 0
    let aheadMost = 0
    const app = bench.app()
    app
      .stream(source)
      .mapValuesAsync(
        async (row) => {
          most = Math.max(most, ++running)
          aheadMost = Math.max(aheadMost, made - answered)
          await sleep(2)
          running--
          answered++
          return row
        },
        { capacity: 10 },
      )
      .to(partFiles(`${bench.dir}/out`))
    await app.start()
    await eventually('some hundred are through', () => answered > 500)
    await app.close()
    expect(most).to.equal(10)
    expect(aheadMost).to.be.at.most(3_100)
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(answered))
  })

  it('waits for answers without spinning', async () => {
    await bench.fill(numbersTopic('orders'), numbered(2_000))
    const app = bench.app({ every: '1s' })
    app
      .stream(numbersTopic('orders'))
      .mapValuesAsync(never, { capacity: 5 })
      .to(partFiles(`${bench.dir}/out`))
    await app.start({ stopWithin: '50ms' })
    await sleep(200)
    const before = process.cpuUsage()
    await sleep(500)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000, 'CPU ms in 500 ms of waiting').to.be.below(150)
    await app.close()
  })

  for (const onError of ['fail', 'skip'] as const) {
    it(`gives a call that never answers to the policy ${onError} when its time is over, saying what to do`, async () => {
      await bench.fill(numbersTopic('orders'), numbered(10))
      const app = bench.app()
      app
        .stream(numbersTopic('orders'))
        .mapValuesAsync(
          (row): Promise<Numbered> => (row.n === 4 ? never() : Promise.resolve(row)),
          { name: 'lookup', timeout: '60ms', onError },
        )
        .to(partFiles(`${bench.dir}/out`))
      if (onError === 'fail') {
        const error = await failureOf(app.run({ until: 'caught-up' }))
        expect(error.message).to.match(
          /no answer within 60 ms.*timeout.*onTimeout.*node lookup.*position 5/s,
        )
        expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal([0, 1, 2, 3])
      } else {
        const report = await app.run({ until: 'caught-up' })
        expect(report.nodes.get('lookup')).to.include({ timedOut: 1, forwarded: 9 })
        expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
          all(10).filter((n) => n !== 4),
        )
      }
    })
  }

  it('uses the value of onTimeout, and retries what fails before', async () => {
    await bench.fill(numbersTopic('orders'), numbered(10))
    const tries = new Map<number, number>()
    const app = bench.app()
    app
      .stream(numbersTopic('orders'))
      .mapValuesAsync(
        async (row): Promise<Numbered> => {
          tries.set(row.n, (tries.get(row.n) ?? 0) + 1)
          if (row.n === 7) return await never()
          if (row.n % 2 === 0 && tries.get(row.n)! < 3) throw new Error('busy')
          return row
        },
        { timeout: '400ms', retry: { attempts: 3, delay: '5ms' }, onTimeout: () => ({ n: -7 }) },
      )
      .to(partFiles(`${bench.dir}/out`))
    await app.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, -7, 8, 9])
    expect(tries.get(4)).to.equal(3)
  })

  it('asks again for rows that were in flight when it was closed, with their whole time, and in order', async () => {
    await bench.fill(numbersTopic('orders'), numbered(40))
    const first = bench.app({ every: '5ms' })
    first
      .stream(numbersTopic('orders'))
      .mapValuesAsync(never, { name: 'lookup', capacity: 16 })
      .to(partFiles(`${bench.dir}/out`))
    await first.start({ stopWithin: '60ms' })
    await eventually(
      'a commit lists them',
      () => first.report().commits > 0 && first.report().nodes.get('lookup')!.inFlight === 16,
    )
    await first.close()
    await sleep(120)
    const asked: number[] = []
    const second = bench.app()
    // Shorter than this process has lived: time is counted from the call, not from the birth of the process.
    second
      .stream(numbersTopic('orders'))
      .mapValuesAsync(
        async (row: Numbered) => {
          asked.push(row.n)
          await sleep(20)
          return row
        },
        { name: 'lookup', capacity: 16, timeout: '100ms' },
      )
      .to(partFiles(`${bench.dir}/out`))
    const report = await second.run({ until: 'caught-up' })
    expect(report.nodes.get('lookup')).to.include({ timedOut: 0 })
    expect(asked).to.deep.equal(all(40))
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(40))
    expect(report.rows, 'rows in flight are not read again').to.equal(24)
  })

  it('keeps dates, maps, bytes and big integers of rows in flight over a restart', async () => {
    interface Rich {
      readonly at: Date
      readonly tags: Map<string, number>
      readonly raw: Uint8Array
      readonly big: bigint
    }
    const source = generator<Rich>({
      name: 'rich',
      rows: 3,
      make: (n) => ({
        value: {
          at: new Date(1_000 * n),
          tags: new Map([['n', n]]),
          raw: new Uint8Array([n]),
          big: 2n ** 60n + BigInt(n),
        },
        timestamp: n,
      }),
    })
    const first = bench.app({ every: '5ms' })
    first
      .stream(source)
      .mapValuesAsync(never, { name: 'lookup' })
      .to(partFiles(`${bench.dir}/out`))
    await first.start({ stopWithin: '30ms' })
    await eventually('a commit lists them', () => first.report().commits > 0)
    await first.close()
    const seen: Rich[] = []
    const second = bench.app()
    second
      .stream(source)
      .mapValuesAsync(
        async (row) => {
          seen.push(row)
          return 'seen'
        },
        { name: 'lookup' },
      )
      .to(partFiles(`${bench.dir}/out`))
    expect((await second.run({ until: 'caught-up' })).rows).to.equal(0)
    expect(seen).to.deep.equal(
      [0, 1, 2].map((n) => ({
        at: new Date(1_000 * n),
        tags: new Map([['n', n]]),
        raw: new Uint8Array([n]),
        big: 2n ** 60n + BigInt(n),
      })),
    )
  })

  it('names the node when a row in flight cannot be kept in a commit', async () => {
    const source = generator<Numbered>({
      name: 'made',
      rows: 3,
      make: (n) => ({ value: { n }, timestamp: n }),
    })
    const app = bench.app({ every: '5ms' })
    app
      .stream(source)
      .mapValues((row) => ({ ...row, act: () => row.n }))
      .mapValuesAsync(
        async (row) => {
          await sleep(200)
          return { n: row.n }
        },
        { name: 'lookup' },
      )
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_ENCODE')
    expect(error.message).to.contain('lookup')
  })
})
