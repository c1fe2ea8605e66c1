// State on disk under the worker: the same results with next to nothing in memory, over restarts, and when the disk fails.
import { expect } from 'chai'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { level } from '../../../src/level.ts'
import type { LevelOptions } from '../../../src/level.ts'
import { keyValueStore } from '../../../src/processors/index.ts'
import type { KeyValueStore, Processor, ProcessorContext } from '../../../src/processors/index.ts'
import type { StateSpec, TaskState } from '../../../src/state/state.ts'
import { MillraceError } from '../../../src/errors.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, numbered, numbersTopic } from './bench.ts'
import type { Numbered } from './bench.ts'

const counts = keyValueStore<string, { rows: number }>('counts')

/** Counts the rows of each key, and tells each count once more when a timer rings. */
class Counting implements Processor<string, Numbered, string, Numbered> {
  #ctx!: ProcessorContext<string, Numbered>
  #store!: KeyValueStore<string, { rows: number }>

  open(ctx: ProcessorContext<string, Numbered>): void {
    this.#ctx = ctx
    this.#store = ctx.store(counts)
  }

  process(key: string, value: Numbered): void {
    const count = this.#store.get(key) ?? { rows: 0 }
    count.rows++
    this.#store.put(key, count)
    this.#ctx.timer(10_000 + value.n)
    this.#ctx.forward(key, { n: count.rows })
  }

  onTimer(key: string, time: number): void {
    this.#ctx.forward(key, { n: -time - this.#store.get(key)!.rows / 1_000 })
  }
}

const orders = numbersTopic('orders')
const keys = 50
const keyOf = (n: number): string => `key ${n % keys}`

describe('state on disk', function () {
  this.timeout(60_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const run = async (state: StateSpec): Promise<void> => {
    const app = bench.app({ every: '5ms', state })
    app
      .stream(orders)
      .eventTime((value) => value.n)
      .processValues(() => new Counting(), { stores: [counts], timers: true })
      .to(partFiles<Numbered>(`${bench.dir}/out`))
    await app.run({ until: 'caught-up' })
  }
  const tiny: LevelOptions = { cacheEntries: 2, dueFront: 3 }

  it('counts and rings over restarts, with two values and three timers in memory', async () => {
    const perRun = 1_000
    for (let round = 0; round < 3; round++) {
      const rows = numbered(perRun).map(({ n }) => ({ n: n + round * perRun }))
      await bench.fill(orders, rows, { key: keyOf })
      await run(level({ dir: join(bench.dir, 'state'), ...tiny }))
    }
    // Far in the future: every timer rings, in order.
    await bench.fill(orders, [{ n: 1_000_000 }], { key: () => 'last' })
    await run(level({ dir: join(bench.dir, 'state'), ...tiny }))
    const shown = (await readParts(`${bench.dir}/out`)).map(({ value }) => (value as Numbered).n)
    const seen = Array.from({ length: 3 * perRun }, (_, i) => Math.floor(i / keys) + 1)
    const rung = seen.map((_, i) => -10_000 - i - (3 * perRun) / keys / 1_000)
    expect(shown.slice(0, seen.length)).to.deep.equal(seen)
    expect(shown.slice(seen.length)).to.deep.equal([1, ...rung])
  })

  it('builds a task anew when its disk cannot be read, and loses nothing', async () => {
    await bench.fill(orders, numbered(2_000), { key: keyOf })
    const disk = level({ dir: join(bench.dir, 'state'), ...tiny })
    let failures = 1
    await run({
      ...disk,
      open: async (ctx) => failingOnce(await disk.open(ctx), () => failures-- > 0),
    })
    const shown = (await readParts(`${bench.dir}/out`)).map(({ value }) => (value as Numbered).n)
    expect(shown).to.deep.equal(Array.from({ length: 2_000 }, (_, i) => Math.floor(i / keys) + 1))
    expect(bench.logged.join('\n')).to.contain('is built anew')
  })

  it('leaves a directory that holds nothing but a cache: the next start does not believe it', async () => {
    await bench.fill(orders, numbered(100), { key: keyOf })
    await run(level({ dir: join(bench.dir, 'state') }))
    const [place] = (await readdir(join(bench.dir, 'state'), { recursive: true })).filter((path) =>
      path.endsWith('CURRENT'),
    )
    await writeFile(join(bench.dir, 'state', place!), 'damage')
    await bench.fill(orders, numbered(100), { key: keyOf })
    await run(level({ dir: join(bench.dir, 'state') }))
    const shown = (await readParts(`${bench.dir}/out`)).map(({ value }) => (value as Numbered).n)
    expect(shown.slice(0, 100)).to.deep.equal(
      Array.from({ length: 100 }, (_, i) => Math.floor(i / keys) + 1),
    )
    expect(shown.slice(100, 200)).to.deep.equal(
      Array.from({ length: 100 }, (_, i) => Math.floor(i / keys) + 3),
    )
  })
})

/** Applies of this state fail while `fails` says so. */
function failingOnce(state: TaskState, fails: () => boolean): TaskState {
  return new Proxy(state, {
    get(target, name) {
      if (name === 'unapplied') return state.unapplied > 0 ? 1 : 0
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'apply' && state.unapplied > 0 && fails())
        return () =>
          Promise.reject(new MillraceError('MILLRACE_STATE_DAMAGED', 'the disk is not there'))
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
