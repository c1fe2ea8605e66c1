// Staged sinks and object stores that fail: for a while, for good, with the answer lost. Nothing is lost or doubled, and
// the order of rows is kept.
import { expect } from 'chai'
import { MillraceError } from '../../../src/errors.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import {
  Bench,
  eventually,
  failureOf,
  ns,
  numbered,
  numbersTopic,
  sleep,
  wrapped,
} from './bench.ts'
import type { Numbered } from './bench.ts'

describe('sinks and stores that fail', function () {
  this.timeout(20_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const all = (rows: number): number[] => numbered(rows).map(({ n }) => n)
  const unwilling = (): MillraceError =>
    new MillraceError('MILLRACE_SINK_FAILED', 'the far side is busy: wait')

  it('publishes every row once and in order through a sink that fails for a while', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(2_000))
    const tries: number[] = []
    const app = bench.app({ every: '5ms' })
    app.stream(topic).to(
      partFiles(`${bench.dir}/out`, {
        rowsMax: 200,
        publishing: ({ seq }) => {
          tries.push(seq)
          if (tries.length % 3 !== 0) throw unwilling()
        },
      }),
    )
    await app.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(2_000))
    expect(tries, 'one commit after the other').to.deep.equal([...tries].sort((a, b) => a - b))
    expect(
      bench.logged.some(
        (line) => line.startsWith('warn') && line.includes('parts:out') && line.includes('busy'),
      ),
    ).to.equal(true)
  })

  it('goes on with other sinks while one fails, and shows its rows when it works again', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(1_000))
    let broken = true
    const app = bench.app({ every: '5ms' })
    const stream = app.stream(topic)
    stream.to(partFiles(`${bench.dir}/works`))
    stream.to(
      partFiles(`${bench.dir}/fails`, {
        publishing: () => {
          if (broken) throw unwilling()
        },
      }),
    )
    await app.start()
    await eventually(
      'the sink that works has all rows',
      async () => (await readParts(`${bench.dir}/works`)).length === 1_000,
    )
    expect(await readParts(`${bench.dir}/fails`)).to.deep.equal([])
    broken = false
    await eventually(
      'the other one has them too',
      async () => (await readParts(`${bench.dir}/fails`)).length === 1_000,
    )
    await app.close()
    expect(ns(await readParts(`${bench.dir}/fails`))).to.deep.equal(all(1_000))
  })

  it('stops the app with the error of a sink that fails for good, and publishes what is pending at the next start', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(500))
    let broken = true
    const build = () => {
      const app = bench.app({ every: '5ms' })
      app.stream(topic).to(
        partFiles(`${bench.dir}/out`, {
          rowsMax: 50,
          publishing: ({ seq }) => {
            if (broken && seq > 2)
              throw new MillraceError('MILLRACE_CONFIG', 'the target was deleted: make it again')
          },
        }),
      )
      return app
    }
    const first = build()
    const error = await failureOf(first.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_CONFIG')
    expect(error.message).to.contain('the target was deleted')
    expect(first.state).to.equal('ERROR')
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(100))
    broken = false
    await build().run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(500))
  })

  it('takes an error of a sink that is not retriable as final, also when it is a plain Error: a bug must not look like a busy sink', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(10))
    const app = bench.app()
    app.stream(topic).to(
      partFiles(`${bench.dir}/out`, {
        publishing: () => {
          throw new TypeError('undefined is not a function')
        },
      }),
    )
    const run = app.run({ until: 'caught-up' }).then(
      () => 'ended',
      (error: unknown) => (error as Error).message,
    )
    const outcome = await Promise.race([run, sleep(2_000).then(() => 'still trying')])
    expect(outcome).to.contain('undefined is not a function')
  })

  it('commits once through a store that fails now and then, with the answer lost or with nothing done', async () => {
    const topic = numbersTopic('orders', 2)
    await bench.fill(topic, numbered(1_500), { partition: 0 })
    await bench.fill(topic, numbered(3_000, 1_500), { partition: 1 })
    let calls = 0
    const checkpoint = wrapped(bench.checkpoint('5ms'), (store) => ({
      create: async (key, bytes) => {
        const lost = key.endsWith('.rec') ? calls++ % 4 : 0
        if (lost === 1)
          throw new MillraceError('MILLRACE_OBJECT_STORE', 'not reachable: check the network')
        const answer = await store.create(key, bytes)
        if (lost === 2)
          throw new MillraceError('MILLRACE_OBJECT_STORE', 'the answer was lost: check the network')
        return answer
      },
    }))
    const app = bench.app({ checkpoint })
    app.stream(topic).to(partFiles(`${bench.dir}/out`, { rowsMax: 300 }))
    await app.run({ until: 'caught-up' })
    const rows = await readParts(`${bench.dir}/out`)
    expect(ns(rows.filter(({ task }) => task === 'orders/0'))).to.deep.equal(all(1_500))
    expect(ns(rows.filter(({ task }) => task === 'orders/1'))).to.deep.equal(
      all(3_000).slice(1_500),
    )
  })

  it('pauses the sources while the store is down, and goes on when it is back', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(20_000))
    let down = true
    const checkpoint = wrapped(bench.checkpoint('5ms'), (store) => ({
      create: (key, bytes) =>
        down && key.endsWith('.rec')
          ? Promise.reject(
              new MillraceError('MILLRACE_OBJECT_STORE', 'not reachable: check the network'),
            )
          : store.create(key, bytes),
    }))
    const app = bench.app({ checkpoint })
    let taken = 0
    app
      .stream(topic)
      .peek(() => void taken++)
      .to(partFiles(`${bench.dir}/out`, { rowsMax: 500 }))
    await app.start()
    await sleep(300)
    expect(taken, 'two frozen commits and one in the making').to.be.at.most(1_500)
    expect(await readParts(`${bench.dir}/out`)).to.deep.equal([])
    down = false
    await eventually(
      'everything is published',
      async () => (await readParts(`${bench.dir}/out`)).length === 20_000,
    )
    await app.close()
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(20_000))
  })

  it('can be closed within its deadline while the store is down, saying what was not decided, and loses nothing', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(100))
    const down = wrapped(bench.checkpoint('5ms'), (store) => ({
      create: (key, bytes) =>
        key.endsWith('.rec')
          ? Promise.reject(
              new MillraceError('MILLRACE_OBJECT_STORE', 'not reachable: check the network'),
            )
          : store.create(key, bytes),
    }))
    const app = bench.app({ checkpoint: down })
    app.stream(topic).to(partFiles(`${bench.dir}/out`))
    const running = failureOf(app.run({ stopWithin: '200ms' }))
    await sleep(400)
    const told = Date.now()
    await app.close()
    expect(Date.now() - told).to.be.below(3_000)
    expect((await running).code).to.equal('MILLRACE_SHUTDOWN_TIMEOUT')
    const next = bench.app()
    next.stream(topic).to(partFiles(`${bench.dir}/out`))
    await next.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(100))
  })

  it('builds a failed task anew when `uncaught` says so, doubling and losing nothing', async () => {
    const topic = numbersTopic('orders', 2)
    await bench.fill(topic, numbered(500), { partition: 0 })
    await bench.fill(topic, numbered(1_000, 500), { partition: 1 })
    let failures = 0
    const asked: string[] = []
    const app = bench.app({ every: '5ms' })
    app
      .stream(topic)
      .mapValuesAsync(async (row) => row, { capacity: 8 })
      .mapValues((row: Numbered) => {
        if ((row.n === 250 || row.n === 600) && failures++ < 4) throw new Error(`not yet ${row.n}`)
        return row
      })
      .to(partFiles(`${bench.dir}/out`))
    await app.run({
      until: 'caught-up',
      uncaught: (error, task) => {
        asked.push(`${task} ${(error as MillraceError).code}`)
        return 'replace'
      },
    })
    expect(asked.every((line) => /^orders\/[01] MILLRACE_NODE_FAILED$/.test(line))).to.equal(true)
    expect(asked).to.have.length(4)
    const rows = await readParts(`${bench.dir}/out`)
    expect(ns(rows.filter(({ task }) => task === 'orders/0'))).to.deep.equal(all(500))
    expect(ns(rows.filter(({ task }) => task === 'orders/1'))).to.deep.equal(all(1_000).slice(500))
  })

  it('waits longer and longer between two lives of a task that fails at once, and may be closed meanwhile', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(10))
    const app = bench.app({ every: '5ms' })
    let lives = 0
    app
      .stream(topic)
      .mapValues((row: Numbered) => {
        if (row.n === 5) throw new Error('always')
        return row
      })
      .to(partFiles(`${bench.dir}/out`))
    await app.start({ uncaught: () => (lives++, 'replace') })
    await sleep(1_000)
    expect(lives).to.be.within(2, 12)
    const before = Date.now()
    await app.close()
    expect(Date.now() - before, 'a close does not wait for the next life').to.be.below(1_500)
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(all(5))
  })

  it('ends with the error that `uncaught` itself throws, and lets go of everything', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(10))
    const app = bench.app()
    app
      .stream(topic)
      .mapValues((row: Numbered): Numbered => {
        throw new Error(`no ${row.n}`)
      })
      .to(partFiles(`${bench.dir}/out`))
    const outcome = await app
      .run({
        until: 'caught-up',
        uncaught: () => {
          throw new Error('handler is broken')
        },
      })
      .then(
        () => 'ended',
        (error: unknown) => (error as Error).message,
      )
    expect(outcome).to.contain('handler is broken')
    expect(app.state).to.equal('ERROR')
    await bench.fill(topic, numbered(1))
    const after = bench.app()
    after.stream(topic).to(partFiles(`${bench.dir}/out`))
    await after.run({ until: 'caught-up' })
    expect(await readParts(`${bench.dir}/out`)).to.have.length(11)
  })
})
