// Configuration that cannot work: refused before the first row, by a code and a message that says what to do.
import { expect } from 'chai'
import { createApp } from '../../../src/app.ts'
import type { App } from '../../../src/app.ts'
import { ndjson } from '../../../src/fs.ts'
import { embedded, openEmbedded } from '../../../src/log/embedded/index.ts'
import { generator } from '../../../src/log/generator/index.ts'
import { json } from '../../../src/serde/json.ts'
import { partFiles } from '../../process/part-files.ts'
import { Bench, failureOf, numbered, numbersTopic, statesOf } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('configuration that cannot work', function () {
  this.timeout(10_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = numbersTopic('orders')
  const out = () => partFiles<unknown>(`${bench.dir}/out`)
  /** `wrong` duration texts are refused by the compiler first. */
  const wrong = (text: string): never => text as never

  const refusedWhenBuilt: readonly [string, (app: App) => unknown, string, RegExp][] = [
    [
      'two sinks on one target',
      (app) => {
        const s = app.stream(orders)
        s.to(out())
        s.to(out())
      },
      'MILLRACE_DUPLICATE_NAME',
      /parts:out.*name/s,
    ],
    [
      'one source twice',
      (app) => {
        app.stream(orders)
        app.stream(orders)
      },
      'MILLRACE_DUPLICATE_NAME',
      /orders.*name/s,
    ],
    [
      'two asynchronous nodes of one derived name',
      (app) =>
        app
          .stream(orders)
          .mapValuesAsync(async (v) => v)
          .mapValuesAsync(async (v) => v, { name: 'orders.mapValuesAsync' }),
      'MILLRACE_DUPLICATE_NAME',
      /name/,
    ],
    [
      'a name with a slash',
      (app) => app.stream(orders, { name: 'a/b' }),
      'MILLRACE_CONFIG',
      /letters, digits/,
    ],
    [
      'to() with a topic instead of its sink',
      (app) => app.stream(orders).to(orders as never),
      'MILLRACE_CONFIG',
      /\.sink of an embedded topic/,
    ],
    [
      'to() with nothing',
      (app) => app.stream(orders).to(undefined as never),
      'MILLRACE_CONFIG',
      /to\(\.\.\.\) takes a sink/,
    ],
    [
      'stream() with a sink',
      (app) => app.stream(orders.sink as never),
      'MILLRACE_CONFIG',
      /takes a source/,
    ],
    [
      'a duration without a unit',
      (app) => app.stream(orders).mapValuesAsync(async (v) => v, { timeout: wrong('30') }),
      'MILLRACE_DURATION',
      /timeout: "30".*'250ms'/,
    ],
    [
      'a negative delay',
      (app) => app.stream(orders).mapValuesAsync(async (v) => v, { retry: { delay: '-5ms' } }),
      'MILLRACE_DURATION',
      /retry\.delay/,
    ],
    [
      'a capacity of 0',
      (app) => app.stream(orders).mapValuesAsync(async (v) => v, { capacity: 0 }),
      'MILLRACE_CONFIG',
      /capacity: 0/,
    ],
    [
      'no tries at all',
      (app) => app.stream(orders).mapValuesAsync(async (v) => v, { retry: { attempts: 0 } }),
      'MILLRACE_CONFIG',
      /retry\.attempts: 0/,
    ],
    [
      'an unknown mode',
      (app) => app.stream(orders).mapValuesAsync(async (v) => v, { mode: wrong('any') }),
      'MILLRACE_CONFIG',
      /'ordered', 'perKey' and 'unordered'/,
    ],
    [
      'an eventTime with a wrong duration',
      (app) => app.stream(orders).eventTime((v) => v.n, { outOfOrder: wrong('1 s') }),
      'MILLRACE_DURATION',
      /outOfOrder/,
    ],
    [
      'eventTime behind an asynchronous step',
      (app) => {
        app
          .stream(orders)
          .mapValuesAsync(async (v) => v)
          .eventTime((v) => v.n)
          .to(out())
        app.topology()
      },
      'MILLRACE_TOPOLOGY',
      /asynchronous step.*move eventTime/,
    ],
    [
      'eventTime behind a merge',
      (app) => {
        app
          .stream(orders)
          .merge(app.stream(numbersTopic('more')))
          .eventTime((v) => v.n)
          .to(out())
        app.topology()
      },
      'MILLRACE_TOPOLOGY',
      /merged.*move eventTime/,
    ],
    [
      'two eventTimes',
      (app) => {
        app
          .stream(orders)
          .eventTime((v) => v.n)
          .eventTime((v) => v.n)
          .to(out())
        app.topology()
      },
      'MILLRACE_TOPOLOGY',
      /at most one/,
    ],
    ['an app without a source', (app) => app.topology(), 'MILLRACE_TOPOLOGY', /app\.stream/],
    [
      'a stream of another app',
      (app) => app.stream(orders).merge(createApp({ id: 'other' }).stream(orders)),
      'MILLRACE_CONFIG',
      /another app/,
    ],
    [
      'a branch called rest',
      (app) => app.stream(orders).branch({ rest: () => true }),
      'MILLRACE_CONFIG',
      /something else/,
    ],
  ]
  for (const [what, build, code, message] of refusedWhenBuilt) {
    it(`refuses ${what} while the topology is built`, async () => {
      const error = await failureOf(Promise.resolve().then(() => build(bench.app())))
      expect(error.code).to.equal(code)
      expect(error.message).to.match(message)
    })
  }

  for (const id of ['', '../up', 'two words', 'x'.repeat(101), undefined as never]) {
    it(`refuses the app id ${JSON.stringify(id)?.slice(0, 20)}`, async () => {
      const error = await failureOf(Promise.resolve().then(() => createApp({ id })))
      expect(error.code).to.equal('MILLRACE_CONFIG')
      expect(error.message).to.contain("createApp({ id: 'fraud' })")
    })
  }

  it('refuses a checkpoint interval and a deadline that are no durations, before it runs', async () => {
    expect(
      (await failureOf(Promise.resolve().then(() => bench.checkpoint(wrong('soon'))))).code,
    ).to.equal('MILLRACE_DURATION')
    await bench.fill(orders, numbered(10))
    const app = bench.app()
    app.stream(orders).to(out())
    const error = await failureOf(
      app.run({ until: 'caught-up', stopWithin: wrong('half a minute') }),
    )
    expect(error.code).to.equal('MILLRACE_DURATION')
    expect(error.message).to.contain('stopWithin')
    expect(statesOf(app), 'nothing was started').to.deep.equal([])
    const states = statesOf(app)
    await app.run({ until: 'caught-up' })
    expect(states).to.contain('RUNNING')
  })

  it('refuses a topic that has another number of partitions, naming both', async () => {
    await bench.fill(numbersTopic('orders', 3), numbered(3))
    const app = bench.app()
    app.stream(numbersTopic('orders', 5)).to(out())
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_CONFIG')
    expect(error.message).to.match(/orders.*3.*5|orders.*5.*3/s)
    expect(app.state).to.equal('ERROR')
  })

  it('refuses a file that is not there, naming it', async () => {
    const app = bench.app()
    app
      .stream(ndjson(`${bench.dir}/absent.ndjson`, { value: json<Numbered>(), name: 'absent' }))
      .to(out())
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_UNKNOWN_TOPIC')
    expect(error.message).to.contain(`${bench.dir}/absent.ndjson`)
  })

  it('refuses a topic with an impossible number of partitions', async () => {
    const app = bench.app()
    app
      .stream(embedded<string, Numbered>('orders', { value: json<Numbered>(), partitions: 0 }))
      .to(out())
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_CONFIG')
    expect(error.message).to.contain('partitions')
  })

  it('gives back what it had opened when it cannot start', async () => {
    await bench.fill(orders, numbered(3))
    let opened = 0
    let closed = 0
    const app = bench.app()
    const stream = app.stream(
      generator<Numbered>({
        name: 'made',
        rows: 10,
        splits: 2,
        make: (n) => ({ value: { n }, timestamp: n }),
      }),
    )
    stream.to(orders.sink)
    stream.to(
      partFiles(`${bench.dir}/one`, { opening: () => void opened++, closing: () => void closed++ }),
    )
    stream.to(
      partFiles(`${bench.dir}/two`, {
        opening: ({ task }) => {
          if (task === '1') throw new Error('no such bucket')
        },
      }),
    )
    const outcome = await app.run({ until: 'caught-up' }).then(
      () => 'ran',
      (error: unknown) => (error as Error).message,
    )
    expect(outcome).to.contain('no such bucket')
    expect(closed, 'ports opened are closed').to.equal(opened)
    expect(app.state).to.equal('ERROR')
    expect(await ownerOf(bench.dir), 'nobody holds the log').to.equal(undefined)
  })

  it('gives a function that answers for a promise back as an error that names mapValuesAsync', async () => {
    await bench.fill(orders, numbered(3))
    const app = bench.app()
    app
      .stream(orders)
      .mapValues(async (value) => value)
      .to(out())
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.message).to.contain('mapValuesAsync')
  })

  it('cannot be started twice', async () => {
    await bench.fill(orders, numbered(3))
    const app = bench.app()
    app.stream(orders).to(out())
    await app.start()
    const error = await failureOf(app.start())
    expect(error.code).to.equal('MILLRACE_LIFECYCLE')
    await app.close()
    expect(await ownerOf(bench.dir), 'nobody holds the log').to.equal(undefined)
    expect((await failureOf(app.start())).message).to.contain('create a new one')
  })
})

/** The process that holds the embedded log, from the file it keeps while it does. */
async function ownerOf(dir: string): Promise<string | undefined> {
  const { readFile } = await import('node:fs/promises')
  const owner = await readFile(`${dir}/log/OWNER`, 'utf8').catch(() => undefined)
  if (owner === undefined) await (await openEmbedded({ dir })).close()
  return owner
}
