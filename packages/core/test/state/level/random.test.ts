// The stores of one task on disk against maps: rows go on while decided ones are written and due ones are read, memory holds
// next to nothing, and the task dies now and then.
import { expect } from 'chai'
import { realEnv } from '../../../src/env.ts'
import { level } from '../../../src/level.ts'
import { dueStore, keyValueStore } from '../../../src/state/key-value.ts'
import type { StoreDelta, TaskState } from '../../../src/state/state.ts'
import type { DueStore, KeyValueStore } from '../../../src/state/store.ts'
import { folded } from '../../../src/testing/conformance/store-subject.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'
import { tempDir } from '../../log/temp-dir.ts'

interface Sum {
  n: number
}

const plain = keyValueStore<number, Sum>('plain')
const ordered = keyValueStore<number, Sum>('ordered', { ordered: true })
const timers = dueStore<number>('timers')

const steps = 400
const keys = 30

class Oracle {
  plain = new Map<number, number>()
  ordered = new Map<number, number>()
  timers = new Map<number, number>()

  copy(): Oracle {
    const copy = new Oracle()
    copy.plain = new Map(this.plain)
    copy.ordered = new Map(this.ordered)
    copy.timers = new Map(this.timers)
    return copy
  }
}

class Run {
  readonly #random: () => number
  readonly #open: () => Promise<TaskState>
  #state!: TaskState
  #plain!: KeyValueStore<number, Sum>
  #ordered!: KeyValueStore<number, Sum>
  #timers!: DueStore<number>
  #oracle = new Oracle()
  #decided = new Oracle()
  readonly #frozen: { oracle: Oracle; deltas: readonly StoreDelta[] }[] = []
  readonly #log: StoreDelta[] = []
  /** Work on the disk that nobody waits for. */
  #background: Promise<unknown>[] = []

  constructor(seed: number, open: () => Promise<TaskState>) {
    this.#random = seededRandom(seed)
    this.#open = open
  }

  async play(): Promise<void> {
    await this.#begin()
    for (let step = 1; step <= steps; step++) {
      await this.#step(step)
      if (step % 100 === 0) await this.#compare()
    }
    await this.#end()
  }

  async #begin(): Promise<void> {
    this.#state = await this.#open()
    this.#plain = this.#state.open(plain)
    this.#ordered = this.#state.open(ordered)
    this.#timers = this.#state.open(timers)
    for (const { name } of [plain, ordered, timers])
      this.#state.restore(name, folded(this.#log, name))
  }

  async #step(step: number): Promise<void> {
    const what = this.#random()
    const key = Math.floor(this.#random() * keys)
    if (what < 0.35) this.#add(this.#plain, this.#oracle.plain, key, step)
    else if (what < 0.45) this.#add(this.#ordered, this.#oracle.ordered, key, step)
    else if (what < 0.5) this.#delete(key)
    else if (what < 0.6) this.#putTimer(key, step)
    else if (what < 0.65) await this.#takeDue()
    else if (what < 0.75) this.#freeze()
    else if (what < 0.85) this.#decide()
    else if (what < 0.95) this.#background.push(this.#state.apply())
    else if (what < 0.99) await new Promise((resolve) => setImmediate(resolve))
    else await this.#crash()
  }

  #add(
    store: KeyValueStore<number, Sum>,
    oracle: Map<number, number>,
    key: number,
    step: number,
  ): void {
    const sum = store.get(key)
    expect(sum?.n, `key ${key} in step ${step}`).to.equal(oracle.get(key))
    const n = (sum?.n ?? 0) + step
    if (sum !== undefined && step % 2 === 0) {
      sum.n = n
      store.put(key, sum)
    } else store.put(key, { n })
    oracle.set(key, n)
  }

  #delete(key: number): void {
    this.#plain.delete(key)
    this.#ordered.delete(key)
    this.#oracle.plain.delete(key)
    this.#oracle.ordered.delete(key)
  }

  #putTimer(time: number, value: number): void {
    this.#timers.put(time, Uint8Array.of(1), value)
    this.#oracle.timers.set(time, value)
  }

  async #takeDue(): Promise<void> {
    let first = this.#timers.first(Infinity)
    while (this.#state.starved) {
      const refill = this.#state.refill()
      // Rows come and commits are decided while the disk is read.
      if (this.#random() < 0.5) this.#decide()
      for (let key = 0; key < keys; key++) if (this.#random() < 0.03) this.#putTimer(key, -key)
      if (this.#random() < 0.5) this.#background.push(this.#state.apply())
      await refill
      first = this.#timers.first(Infinity)
    }
    const lowest = [...this.#oracle.timers.keys()].sort((a, b) => a - b)[0]
    expect(first?.time).to.equal(lowest)
    if (first === undefined) return
    expect(first.value).to.equal(this.#oracle.timers.get(first.time))
    this.#timers.delete(first.time, first.id)
    this.#oracle.timers.delete(first.time)
  }

  #freeze(): void {
    if (this.#frozen.length === 2) return
    this.#frozen.push({ oracle: this.#oracle.copy(), deltas: this.#state.freeze() })
  }

  #decide(): void {
    const frozen = this.#frozen.shift()
    if (frozen === undefined) return
    this.#log.push(...frozen.deltas)
    this.#decided = frozen.oracle
    this.#state.decided()
  }

  async #crash(): Promise<void> {
    await this.#end()
    this.#frozen.length = 0
    this.#oracle = this.#decided.copy()
    await this.#begin()
    await this.#compare()
  }

  async #end(): Promise<void> {
    await this.#state.close()
    await Promise.all(this.#background)
    this.#background = []
  }

  async #compare(): Promise<void> {
    for (let key = 0; key < keys; key++)
      expect(this.#plain.get(key)?.n, `key ${key}`).to.equal(this.#oracle.plain.get(key))
    expect([...this.#ordered.all()].map(([key, { n }]) => [key, n])).to.deep.equal(
      [...this.#oracle.ordered].sort(([a], [b]) => a - b),
    )
    let all = [...this.#timers.entries()]
    while (this.#state.starved) {
      await this.#state.refill()
      all = [...this.#timers.entries()]
    }
    expect(all.map(({ time, value }) => [time, value])).to.deep.equal(
      [...this.#oracle.timers].sort(([a], [b]) => a - b),
    )
    expect(this.#timers.size).to.equal(this.#oracle.timers.size)
  }
}

describe('stores on disk', function () {
  this.timeout(60_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  beforeEach(async () => {
    temp = await tempDir()
  })
  afterEach(() => temp.remove())

  for (const [cacheEntries, dueFront] of [
    [1, 1],
    [5, 4],
    [1_000, 1_000],
  ] as const)
    it(`agree with maps while rows, commits and the disk overlap, ${cacheEntries} values in memory`, async () => {
      const spec = level({ dir: temp.dir, cacheEntries, dueFront })
      const place = { app: 'a', subTopology: 's', task: '0', env: quiet, dir: temp.dir }
      for (let seed = 1; seed <= 10; seed++) {
        try {
          await new Run(seed, () => spec.open(place)).play()
        } catch (error) {
          throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
        }
      }
    })
})

const quiet = realEnv({ log: () => {} })
