/**
 * Pipelines into a memory log whose transactions decide the commits: each input once, in order per key, over answers that are
 * lost, owners that stall and come back, and nodes that fail.
 */
import { expect } from 'chai'
import { createApp } from '../../../src/app.ts'
import type { App } from '../../../src/app.ts'
import { MemoryStore } from '../../../src/checkpoint/memory/index.ts'
import type { CheckpointSpec } from '../../../src/checkpoint/spec.ts'
import { decodeRecord } from '../../../src/checkpoint/record.ts'
import type { ObjectStore } from '../../../src/checkpoint/object-store.ts'
import { realEnv } from '../../../src/env.ts'
import { MemoryLog, memorySink, memoryTopic } from '../../../src/log/memory/index.ts'
import { json } from '../../../src/serde/json.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'
import { visibleIn } from './visible.ts'

interface Numbered {
  n: number
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const partitions = 2
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

class Bench {
  readonly log = new MemoryLog({ outletRowsMax: 40 })
  readonly store = new MemoryStore()
  readonly inputs: number

  constructor(inputs: number) {
    this.inputs = inputs
    this.log.create('in', partitions)
    this.log.create('out', partitions)
  }

  /** Gives the inputs a few at a time while the app runs, so that there are many commits, and stops when all are out. */
  async run(app: App, feed = true): Promise<void> {
    let over = false
    const running = app.run({ uncaught: () => 'replace' }).finally(() => (over = true))
    const fed = (async () => {
      for (let n = 0; feed && n < this.inputs && !over; n++) {
        this.feed(n)
        if (n % 8 === 7) await sleep(2)
      }
      while (!over && (await this.visible()).length < this.inputs) await sleep(5)
      await app.close()
    })()
    await Promise.all([running, fed])
  }

  feed(n: number): void {
    const row = { key: bytes(`k${n % partitions}`), value: bytes(`{"n":${n}}`), timestamp: n }
    this.log.append(`in:${n % partitions}`, [row])
  }

  app(step: (row: Numbered) => Numbered = (row) => row, store: ObjectStore = this.store): App {
    const checkpoint: CheckpointSpec = {
      kind: 'millrace.checkpoint',
      type: 'memory',
      options: { every: '1ms' },
      open: () => Promise.resolve(store),
    }
    const app = createApp({ id: 'once', checkpoint, env: realEnv({ log: () => {} }) })
    app
      .stream(memoryTopic(this.log, 'in', { value: json<Numbered>(), partitions }))
      .mapValues(step, { name: 'step' })
      .to(memorySink(this.log, 'out', { value: json<Numbered>() }))
    return app
  }

  async visible(): Promise<number[]> {
    const rows = await Promise.all([0, 1].map((partition) => visibleIn(this.log, 'out', partition)))
    return rows.flat().map(({ value }) => (JSON.parse(value!) as Numbered).n)
  }

  /** Each input once, those of a key in their order. */
  async check(): Promise<void> {
    const seen = await this.visible()
    for (let key = 0; key < partitions; key++) {
      expect(seen.filter((n) => n % partitions === key)).to.deep.equal(
        Array.from({ length: this.inputs / partitions }, (_, i) => i * partitions + key),
      )
    }
    expect(seen.length).to.equal(this.inputs)
  }

  async records(task: string): Promise<string[]> {
    const keys = await this.store.list(`once/in/${task}/log/`)
    const objects = await Promise.all(keys.map((key) => this.store.get(key)))
    return objects.map((object) => decodeRecord(object!.bytes).kind)
  }
}

describe('exactly once into a memory log', () => {
  it('shows each input once, and names the decided record in the log of transactions', async () => {
    const bench = new Bench(200)
    await bench.run(bench.app())
    await bench.check()
    const kinds = await bench.records('0')
    expect(kinds.slice(0, 2)).to.deep.equal(['start', 'fence'])
    expect(new Set(kinds.slice(2))).to.deep.equal(new Set(['prepared']))
    expect(kinds.length).to.be.greaterThan(8)
    const { head } = (await bench.log.decider({ subTopology: 'in', task: '0' }).open()) as {
      head: { seq: number }
    }
    expect(head.seq).to.equal(kinds.length)
  })

  it('goes on where it stopped, and writes nothing twice', async () => {
    const bench = new Bench(100)
    await bench.run(bench.app())
    await bench.app().run({ until: 'caught-up' })
    await bench.check()
  })

  for (const how of ['applied', 'lost', 'late'] as const) {
    it(`is not confused by decisions without an answer that were ${how}`, async () => {
      const bench = new Bench(240)
      for (let i = 0; i < 4; i++) bench.log.loseAnswer(how)
      await bench.run(bench.app())
      bench.log.land()
      await bench.check()
      const kinds = [...(await bench.records('0')), ...(await bench.records('1'))]
      // One for each opening: two tasks, and one more per decision that got no answer.
      expect(kinds.filter((kind) => kind === 'fence').length).to.be.at.least(2 + 4 - 2)
    })
  }

  for (const effect of ['before', 'after'] as const) {
    it(`makes nothing visible of an owner that stalls ${effect} its record is there and comes back`, async () => {
      const bench = new Bench(160)
      const stalled = new StallingStore(bench.store, 5, effect)
      const zombie = bench.app(undefined, stalled)
      const failed = zombie.run().then(
        () => undefined,
        (error: unknown) => error,
      )
      for (let n = 0; n < bench.inputs; n++) {
        bench.feed(n)
        if (n % 8 === 7) await sleep(2)
      }
      await stalled.reached
      await bench.run(bench.app(), false)
      await bench.check()
      stalled.release()
      expect(await failed).to.have.property('code', 'MILLRACE_FENCED')
      await bench.app().run({ until: 'caught-up' })
      await bench.check()
    })
  }

  it('replays from the decided record when a node fails, and shows nothing of the try', async () => {
    const bench = new Bench(200)
    let failures = 3
    const step = (row: Numbered): Numbered => {
      if (row.n % 50 === 49 && failures-- > 0) throw new Error('not yet')
      return row
    }
    await bench.run(bench.app(step))
    await bench.check()
  })

  it('refuses a log whose undecided tail has lost its metadata', async () => {
    const bench = new Bench(20)
    await bench.run(bench.app())
    const moved = Object.assign(new Bench(0), { store: bench.store })
    const error: unknown = await moved
      .app()
      .run({ until: 'caught-up' })
      .catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'MILLRACE_RECORD_DAMAGED')
    expect(String(error)).to.contain('nobody can tell whether record')
  })

  for (let seed = 1; seed <= 8; seed++) {
    it(`holds over random faults, seed ${seed}`, async () => {
      const random = seededRandom(seed)
      const bench = new Bench(200)
      let failures = 3
      let silences = 4
      const app = bench.app((row) => {
        if (random() < 0.05) bench.log.land()
        if (silences > 0 && random() < 0.03) {
          silences--
          bench.log.loseAnswer((['applied', 'lost', 'late'] as const)[row.n % 3]!)
        }
        if (failures > 0 && random() < 0.02) {
          failures--
          throw new Error('chance')
        }
        return row
      })
      await bench.run(app)
      bench.log.land()
      await bench.check()
    })
  }
})

/** The n-th create of a commit record waits, before or after its effect, until it is released. */
class StallingStore implements ObjectStore {
  readonly reached: Promise<void>
  readonly #inner: ObjectStore
  readonly #effect: 'before' | 'after'
  readonly #released: Promise<void>
  #arrive!: () => void
  #left: number
  release!: () => void

  constructor(inner: ObjectStore, nth: number, effect: 'before' | 'after') {
    this.#inner = inner
    this.#left = nth
    this.#effect = effect
    this.reached = new Promise((resolve) => (this.#arrive = resolve))
    this.#released = new Promise((resolve) => (this.release = resolve))
  }

  async create(key: string, object: Uint8Array): Promise<'created' | 'exists'> {
    const isCommit = key.endsWith('.rec') && decodeRecord(object).kind === 'prepared'
    if (!isCommit || --this.#left > 0) return this.#inner.create(key, object)
    if (this.#effect === 'before') {
      this.#arrive()
      await this.#released
      return await this.#inner.create(key, object)
    }
    const answer = await this.#inner.create(key, object)
    this.#arrive()
    await this.#released
    return answer
  }

  get(key: string) {
    return this.#inner.get(key)
  }

  list(prefix: string, after?: string) {
    return this.#inner.list(prefix, after)
  }

  delete(keys: readonly string[]) {
    return this.#inner.delete(keys)
  }

  close() {
    return this.#inner.close()
  }
}
