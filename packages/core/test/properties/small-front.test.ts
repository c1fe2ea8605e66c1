// Due stores of which next to nothing is in memory: whatever is due leaves as it does from memory. A row of the input becomes several
// in one push, so that rows come to a node while it owes what is still on disk.
import { expect } from 'chai'
import {
  createApp,
  embedded,
  hopping,
  json,
  session,
  sliding,
  string,
  tumbling,
} from '@millrace/core'
import type { App, KStream, KTable, Windowed } from '@millrace/core'
import { keyValueStore } from '@millrace/core/operator'
import type { Processor, ProcessorContext } from '@millrace/core/operator'
import { TestDriver, levelForTests, seededRandom } from '@millrace/core/testing'
import type { TestDriverOptions } from '@millrace/core/testing'
import { messageOf } from '../../src/errors.ts'
import { tempDir } from '../log/temp-dir.ts'
import { sink } from '../runtime/random-graph.ts'

type Below = (n: number) => number
type Clock = 'watermark' | 'streamTime'

/** One that becomes a row of its own, so much later than the row. */
interface Item {
  readonly key: string
  readonly n: number
  readonly later: number
}

interface Input {
  readonly topic: 'a' | 'b'
  readonly items: readonly Item[]
  readonly time: number
}

const seeds = Array.from({ length: Number(process.env.MILLRACE_SEEDS ?? 25) }, (_, i) => i + 1)
const only = process.env.MILLRACE_SEED === undefined ? seeds : [Number(process.env.MILLRACE_SEED)]

/** Rows of a topic: those of one input in one push, each at its own time. */
function rowsOf(app: App, topic: string): KStream<string, Item> {
  return app
    .stream(embedded(topic, { key: string(), value: json<readonly Item[]>() }))
    .processValues(() => new Apart(), { name: `${topic}-apart` })
    .keyBy(({ key }) => key, { partitioned: true, key: string() })
}

class Apart implements Processor<string, readonly Item[], string, Item> {
  #ctx!: ProcessorContext<string, Item>

  open(ctx: ProcessorContext<string, Item>): void {
    this.#ctx = ctx
  }

  process(key: string, items: readonly Item[], { time }: { readonly time: number }): void {
    for (const item of items) this.#ctx.forward(key, item, time + item.later)
  }
}

const ms = (n: number): `${number}ms` => `${n}ms`
const emits = ['update', 'close', 'both'] as const
const sum = (a: number, { n }: Item): number => a + n
const out = sink<unknown>('out')

/** Everything that has a due store, by what is under test. */
const plans: Readonly<Record<string, (app: App, below: Below) => void>> = {
  suppress(app, below) {
    const grouped = rowsOf(app, 'a').groupByKey()
    const table = below(2) === 0 ? grouped.count() : hoppingCount(grouped, below)
    const buffer = below(2) === 0 ? {} : { maxRecords: 1 + below(6) }
    show(
      (table as KTable<unknown, number>).suppress({
        until: 'timeLimit',
        after: ms(below(20)),
        buffer: { ...buffer, whenFull: 'emitEarly' },
      }),
    )
  },
  'suppressed windows'(app, below) {
    const table = hoppingCount(rowsOf(app, 'a').groupByKey(), below)
    const buffer = below(2) === 0 ? {} : { maxRecords: 5 + below(40) } // full: the task fails
    show(table.suppress({ until: 'windowCloses', buffer }))
  },
  'time windows'(app, below) {
    const windows = below(2) === 0 ? tumbling(ms(1 + below(20))) : hopping(ms(12), ms(1 + below(5)))
    show(
      rowsOf(app, 'a')
        .groupByKey()
        .windowedBy(windows.grace(ms(below(8))))
        .emit(emits[below(3)]!)
        .aggregate(() => 0, sum),
    )
  },
  'sliding windows'(app, below) {
    show(
      rowsOf(app, 'a')
        .groupByKey()
        .windowedBy(sliding(ms(1 + below(10))).grace(ms(below(8))))
        .emit(emits[below(3)]!)
        .aggregate(() => 0, sum),
    )
  },
  sessions(app, below) {
    show(
      rowsOf(app, 'a')
        .groupByKey()
        .windowedBy(session(ms(below(8))).grace(ms(below(8))))
        .emit(emits[below(3)]!)
        .aggregate(
          () => 0,
          sum,
          (a, b) => a + b,
        ),
    )
  },
  cogroup(app, below) {
    const add = (a: number, { n }: Item): number => a + n
    show(
      rowsOf(app, 'a')
        .groupByKey()
        .cogroup<number>(add)
        .cogroup(rowsOf(app, 'b').groupByKey(), (a, { n }) => a + 100 * n)
        .windowedBy(tumbling(ms(1 + below(10))).grace(ms(below(8))))
        .emit(emits[1 + below(2)]!)
        .aggregate(() => 0),
    )
  },
  'joins of streams'(app, below) {
    const options = { within: { before: ms(below(10)), after: ms(below(10)) }, grace: ms(below(5)) }
    const text = (a: Item | null, b: Item | null): string => `${a?.n}+${b?.n}`
    const [a, b] = [rowsOf(app, 'a'), rowsOf(app, 'b')]
    const joined = below(2) === 0 ? a.leftJoin(b, text, options) : a.outerJoin(b, text, options)
    joined.to(out)
  },
  'joins with a grace'(app, below) {
    const table = rowsOf(app, 'b').toTable({ versioned: { history: '20ms' } })
    rowsOf(app, 'a')
      .leftJoin(table, (a, b) => `${a.n}+${b?.n}`, { grace: ms(below(20)) })
      .to(out)
  },
  timers(app) {
    rowsOf(app, 'a')
      .process(() => new Ringing(), { timers: string() })
      .to(out)
  },
  ttl(app, below) {
    const refresh = below(2) === 0 ? 'write' : 'readWrite'
    const spec = keyValueStore<string, number>('seen', {
      ttl: { after: ms(1 + below(30)), by: 'event', refresh },
    })
    rowsOf(app, 'a')
      .processValues(() => new Seen(spec), { stores: [spec] })
      .to(out)
  },
  'joins by a foreign key'(app) {
    const lefts = rowsOf(app, 'a').toTable({ value: json<Item>() })
    const rights = rowsOf(app, 'b').toTable({ value: json<Item>() })
    lefts
      .leftJoinForeign(
        rights,
        ({ n }) => `k${n % 3}`,
        (a, b) => `${a.n}+${b?.n}`,
      )
      .toStream({ tombstones: true })
      .to(out)
  },
}

function hoppingCount(
  grouped: ReturnType<KStream<string, Item>['groupByKey']>,
  below: Below,
): KTable<Windowed<string>, number> {
  const windows = hopping(ms(1 + below(20)), ms(1 + below(5)))
  return grouped.windowedBy(windows.grace(ms(below(10)))).count()
}

function show(table: unknown): void {
  ;(table as KTable<unknown, unknown>).toStream({ tombstones: true }).to(out)
}

/** Rings twice behind each row. */
class Ringing implements Processor<string, Item, string, string> {
  #ctx!: ProcessorContext<string, string>

  open(ctx: ProcessorContext<string, string>): void {
    this.#ctx = ctx
  }

  process(_key: string, { n }: Item, { time }: { readonly time: number }): void {
    this.#ctx.timer(time + n)
    this.#ctx.timer(time + 10 * n)
  }

  onTimer(key: string, time: number): void {
    this.#ctx.forward(key, `rings at ${time}`)
  }
}

/** Shows what it knew of the key. */
class Seen implements Processor<string, Item, string, string> {
  readonly #spec
  #ctx!: ProcessorContext<string, string>

  constructor(spec: ReturnType<typeof keyValueStore<string, number>>) {
    this.#spec = spec
  }

  open(ctx: ProcessorContext<string, string>): void {
    this.#ctx = ctx
  }

  process(key: string, { n }: Item): void {
    const store = this.#ctx.store(this.#spec)
    this.#ctx.forward(key, `${store.get(key)}`)
    if (n % 3 !== 0) store.put(key, n)
  }
}

function randomInputs(below: Below): readonly Input[] {
  let time = 0
  return Array.from({ length: 10 + below(25) }, () => {
    time = Math.max(0, time + (below(6) === 0 ? 40 : below(10) - 3))
    return {
      topic: below(2) === 0 ? 'a' : 'b',
      time,
      items: Array.from({ length: 1 + below(5) }, () => ({
        key: `k${below(6)}`,
        n: 1 + below(9),
        later: below(2) * below(12),
      })),
    }
  })
}

/** The rows that each input makes leave. */
async function shown(
  seed: number,
  plan: (app: App, below: Below) => void,
  options: TestDriverOptions,
): Promise<readonly (readonly string[])[]> {
  const random = seededRandom(seed)
  const below: Below = (n) => Math.floor(random() * n)
  const clock: Clock = below(2) === 0 ? 'watermark' : 'streamTime'
  const app = createApp({ id: 'front', clock })
  plan(app, below)
  const slice = below(3) === 0 ? { drainRows: 1 + below(3) } : {}
  const driver = new TestDriver(app, { ...options, ...slice })
  const known = new Set(
    app
      .topology()
      .subTopologies.flatMap(({ prefixes }) => prefixes.map(({ source }) => source.source.topic)),
  )
  const output = driver.createOutputTopic<unknown, unknown>(out)
  const crashes = below(2) === 0
  const steps: string[][] = []
  for (const { topic, items, time } of randomInputs(below)) {
    const crashed = crashes && below(4) === 0
    if (!known.has(topic)) continue
    try {
      driver.createInputTopic<string, readonly Item[]>(topic).pipeInput('k', items, time)
      if (crashed) driver.crash()
      await driver.settle()
    } catch (error) {
      steps.push([messageOf(error)])
      break
    }
    steps.push(
      output.readRecordsToList().map((row) => JSON.stringify([row.key, row.value, row.timestamp])),
    )
    if (!crashes)
      for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
  }
  driver.close()
  return steps
}

describe('what is due leaves as from memory when nearly all of it is on disk', () => {
  for (const [name, plan] of Object.entries(plans))
    it(`of ${name}`, async () => {
      const temp = await tempDir()
      try {
        for (const seed of only) {
          const pool = await levelForTests(`${temp.dir}/${seed}`, {
            cacheEntries: 4,
            dueFront: 2 + (seed % 2),
          })
          const onDisk = await shown(seed, plan, { state: (task) => pool.open(task) })
          await pool.close()
          expect(onDisk, `MILLRACE_SEED=${seed}`).deep.equal(await shown(seed, plan, {}))
        }
      } finally {
        await temp.remove()
      }
    }).timeout(60_000)

  it('and a buffer is not full of rows that are due and on disk', async () => {
    const temp = await tempDir()
    const pool = await levelForTests(temp.dir, { dueFront: 2 })
    try {
      const app = createApp({ id: 'front', clock: 'streamTime' })
      app
        .stream(embedded('a', { key: string(), value: json<number>() }))
        .toTable({ value: json<number>() })
        .suppress({
          until: 'timeLimit',
          after: '10ms',
          buffer: { maxRecords: 4, whenFull: 'shutDown' },
        })
        .toStream()
        .to(out)
      const driver = new TestDriver(app, { state: (task) => pool.open(task) })
      const input = driver.createInputTopic<string, number>('a')
      const times = { k0: 0, k1: 1, k2: 2, k3: 3, k4: 11, k5: 11, k6: 30 }
      const steps: string[] = []
      for (const [key, time] of Object.entries(times)) {
        // A row of a key that is held: T moves, and there is no more in the buffer.
        if (key === 'k4') input.pipeInput('k3', 0, 11)
        input.pipeInput(key, time, time)
        await driver.settle()
        steps.push(
          driver
            .createOutputTopic<string, number>(out)
            .readRecordsToList()
            .map((row) => row.key)
            .join(' '),
        )
      }
      expect(steps).deep.equal(['', '', '', '', 'k0 k1', '', 'k2 k3 k4 k5'])
      driver.close()
    } finally {
      await pool.close()
      await temp.remove()
    }
  })
})
