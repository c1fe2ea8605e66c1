// A generator, an asynchronous step, an embedded topic, a second sub-topology with an asynchronous step, part files and
// another embedded topic; poison rows in both halves, and a running count of each key at the end. Runs to the end of what the logs hold, or until it is killed.
import { createApp, embedded, generator, json, memoryState } from '@millrace/core'
import { fs } from '@millrace/core/fs'
import { level } from '@millrace/core/level'
import { keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, Processor, ProcessorContext } from '@millrace/core/operator'
import { partFiles } from '../part-files.ts'
import { causes, keyOf } from './chain-rows.ts'
import type { ChainRow } from './chain-rows.ts'

interface Args {
  readonly dir: string
  readonly rows: number
  readonly perSecond?: number
  readonly seed: number
}

const counts = keyValueStore<string, { rows: number }>('counts')

class Counting implements Processor<string, ChainRow, string, ChainRow> {
  #ctx!: ProcessorContext<string, ChainRow>
  #counts!: KeyValueStore<string, { rows: number }>

  open(ctx: ProcessorContext<string, ChainRow>): void {
    this.#ctx = ctx
    this.#counts = ctx.store(counts)
  }

  process(key: string, row: ChainRow): void {
    const count = this.#counts.get(key) ?? { rows: 0 }
    count.rows++
    this.#counts.put(key, count)
    this.#ctx.forward(key, { ...row, seen: count.rows })
  }
}

const { dir, rows, perSecond, seed } = JSON.parse(process.argv[2]!) as Args
let state = seed
const soon = (): Promise<void> => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return new Promise((resolve) => setTimeout(resolve, (state >>> 16) % 4))
}

const middle = embedded<string, ChainRow>('middle', { value: json<ChainRow>(), partitions: 2, dir })
const final = embedded<string, ChainRow>('final', { value: json<ChainRow>(), partitions: 3, dir })
const deadLetter = partFiles<unknown>(`${dir}/dead`)

const app = createApp({
  id: 'chain',
  dir,
  checkpoint: fs(`${dir}/checkpoint`, { every: '15ms' }),
  // In turn: where state lies between two starts is nobody's business but this machine's.
  state: seed % 2 === 0 ? memoryState() : level({ cacheEntries: 3 }),
})
const source = generator<ChainRow, string>({
  name: 'numbers',
  rows,
  splits: 2,
  make: (n) => ({ key: keyOf(n), value: { n, by: [] }, timestamp: n }),
  ...(perSecond === undefined ? {} : { perSecond }),
})
app
  .stream(source)
  .mapValues(
    (row) => {
      if (causes.map(row.n)) throw new Error(`map does not like ${row.n}`)
      return { ...row, by: ['map'] }
    },
    { name: 'first', onError: { deadLetter } },
  )
  .mapValuesAsync(
    async (row) => {
      await soon()
      if (causes.call(row.n)) throw new Error(`nobody answers for ${row.n}`)
      return { ...row, by: [...row.by, 'call'] }
    },
    { name: 'lookup', capacity: 16, onError: { deadLetter } },
  )
  .to(middle.sink)

const second = app
  .stream(middle)
  .mapValuesAsync(
    async (row) => {
      if (row.n % 7 === 0) await soon()
      return { ...row, by: [...row.by, 'second'] }
    },
    { name: 'perKey', mode: 'perKey', capacity: 32, timeout: '10s' },
  )
  .mapValues(
    (row) => {
      if (causes.late(row.n)) throw new Error(`too late for ${row.n}`)
      return row
    },
    { name: 'last', onError: { deadLetter } },
  )
  .processValues(() => new Counting(), { stores: [counts] })
second.to(partFiles<ChainRow>(`${dir}/out`))
second.to(final.sink)

process.stdout.write('starting\n')
app.onStateChange((state) => process.stdout.write(`${state}\n`))
const report = await app.run({ until: 'caught-up' })
process.stdout.write(`done ${JSON.stringify({ rows: report.rows, commits: report.commits })}\n`)
