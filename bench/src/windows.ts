/**
 * The benches of stateful operators: `windows-<operator>-<store>-<keys>`. Every key is there before the clock starts, so that what is
 * measured is the steady state: a row finds its key, changes what is kept and shows it. The baseline is the loop that a careful hand
 * would write: a Map by key, the same arithmetic, no engine.
 */
import { createApp, generator, hopping, memory, session, sliding, tumbling } from '@millrace/core'
import type { KStream, KTable, StateSpec, Windowed } from '@millrace/core'
import { cpuMicrosOf, median } from './cpu.ts'
import { result } from './result.ts'
import type { Result } from './result.ts'

const firstMs = 1_700_000_000_000
const roundsDefault = 3
/** Between the first row of each key and the clock: the commit that holds all keys at once is behind us then, and JIT has seen it all. */
const settlingRows = 400_000

interface Row {
  readonly amount: number
}

export interface WindowBench {
  readonly name: string
  readonly keys: number
  /** Measured rows, behind one row of each key. */
  readonly rows: number
  readonly rounds?: number
  /** All keys are equally frequent. */
  readonly uniform?: boolean
  readonly state?: () => Promise<{ spec: StateSpec; close(): Promise<void> }>
  readonly build: (stream: KStream<string, Row>) => void
}

/** All rows lie in one window of ten minutes, or in its neighbours: closes are for other tests. */
const perRowMs = 0.25

export async function windowBench(bench: WindowBench): Promise<readonly Result[]> {
  const cpu: number[] = []
  const bare: number[] = []
  for (let round = 0; round < (bench.rounds ?? roundsDefault); round++) {
    cpu.push((await engineMicros(bench)) / bench.rows)
    bare.push((await bareMicros(bench)) / bench.rows)
  }
  return [result(bench.name, { records: bench.rows, cpu: median(cpu), baseline: median(bare) })]
}

/** CPU from the first measured row to the end, commits included. */
async function engineMicros({
  keys,
  rows,
  state,
  build,
  uniform = false,
}: WindowBench): Promise<number> {
  const names = namesOf(keys)
  const value: Row = { amount: 3 }
  const opened = await state?.()
  const app = createApp({
    id: 'bench',
    checkpoint: memory(),
    ...(opened === undefined ? {} : { state: opened.spec }),
  })
  let before: NodeJS.CpuUsage | undefined
  const source = generator<Row, string>({
    name: 'rows',
    rows: keys + settlingRows + rows,
    make: (index) => {
      if (index === keys + settlingRows) before = process.cpuUsage()
      return { key: names[keyAt(index, keys, uniform)]!, value, timestamp: timeAt(index, keys) }
    },
  })
  build(app.stream(source))
  await app.run({ until: 'caught-up' })
  const { user, system } = process.cpuUsage(before)
  await opened?.close()
  return user + system
}

async function bareMicros({ keys, rows, uniform = false }: WindowBench): Promise<number> {
  const names = namesOf(keys)
  const counts = new Map<string, { start: number; count: number }>()
  for (const name of names) counts.set(name, { start: 0, count: 1 })
  let shown = 0
  const micros = await cpuMicrosOf(() => {
    for (let index = keys + settlingRows; index < keys + settlingRows + rows; index++) {
      const start = Math.floor(timeAt(index, keys) / 600_000)
      const kept = counts.get(names[keyAt(index, keys, uniform)]!)!
      if (kept.start !== start) {
        kept.start = start
        kept.count = 0
      }
      kept.count++
      shown += kept.count
    }
  })
  if (shown === 0) throw new Error('nothing was counted')
  return micros
}

/**
 * First every key once, then keys in an order without a pattern that a cache could use: three rows in four are of a hot hundredth of
 * the keys (the ratio of Nexmark's bidders), or all keys are alike, which no stream of users is and which is the dearest case.
 */
function keyAt(index: number, keys: number, uniform: boolean): number {
  if (index < keys) return index
  const chance = Math.imul(index, 2_654_435_761) >>> 0
  return uniform || index % 4 === 0 ? chance % keys : chance % Math.ceil(keys / 100)
}

function timeAt(index: number, keys: number): number {
  return firstMs + Math.floor(Math.max(0, index - keys) * perRowMs)
}

function namesOf(keys: number): readonly string[] {
  return Array.from({ length: keys }, (_, i) => `user-${i}`)
}

const shown = (): void => {}

function ends<A>(table: KTable<Windowed<string>, A>): void {
  table.toStream().foreach(shown)
}

export const operators: Readonly<Record<string, (stream: KStream<string, Row>) => void>> = {
  'tumbling-count': (s) => ends(s.groupByKey().windowedBy(tumbling('10m')).count()),
  'tumbling-sum': (s) =>
    ends(
      s
        .groupByKey()
        .windowedBy(tumbling('10m'))
        .aggregate(
          () => ({ n: 0, sum: 0 }),
          (sums, { amount }) => {
            sums.n++
            sums.sum += amount
            return sums
          },
        ),
    ),
  'hopping-count': (s) => ends(s.groupByKey().windowedBy(hopping('10m', '5m')).count()),
  'sliding-count': (s) => ends(s.groupByKey().windowedBy(sliding('10s')).count()),
  'session-count': (s) => ends(s.groupByKey().windowedBy(session('1m')).count()),
  count: (s) => s.groupByKey().count().toStream().foreach(shown),
  'stream-table-join': (s) => {
    const table = s.filter(({ amount }) => amount > 0).toTable({ name: 'table' })
    s.join(table, (left, right) => left.amount + right.amount).foreach(shown)
  },
}
