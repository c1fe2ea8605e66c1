/**
 * Suppress against a list that is sorted anew for each row: what it is given are the changes that the same table shows without it, so
 * every kind of window may stand above.
 */
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
import type { KTable, SuppressOptions, Windowed } from '@millrace/core'
import type { Processor } from '@millrace/core/operator'
import { TestDriver, seededRandom } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'
import type { Histories } from './check.ts'

interface Count {
  n: number
}
type Key = string | Windowed<string>
/** As a sink behind the table sees it. */
interface Change {
  readonly key: Key
  readonly value: Count | null
  readonly old: Count | null
  readonly timestamp: number
}

interface Held {
  readonly at: number
  readonly prior: Count | null
  change: Change
}

interface Rules {
  readonly final: boolean
  readonly waitMs: number
  /** Under the watermark T must be above. */
  readonly strict: boolean
  readonly maxRecords: number
  readonly shutDown: boolean
  readonly streamTime: boolean
}

class Full extends Error {}

class Oracle {
  readonly #rules: Rules
  readonly #held: Map<string, Held> = new Map()
  #time = -Infinity
  readonly emitted: Change[] = []

  constructor(rules: Rules) {
    this.#rules = rules
  }

  change(change: Change): void {
    const { final, maxRecords, shutDown, streamTime } = this.#rules
    const id = JSON.stringify(change.key)
    const held = this.#held.get(id)
    if (held !== undefined) held.change = change
    else
      this.#held.set(id, {
        at: final ? (change.key as Windowed<string>).end : change.timestamp,
        prior: change.old,
        change,
      })
    if (streamTime) this.#time = Math.max(this.#time, change.timestamp)
    this.#emitDue()
    if (this.#held.size <= maxRecords) return
    if (shutDown) throw new Full('full')
    this.#emit(this.#inOrder().slice(0, this.#held.size - maxRecords))
  }

  /** T has come to this behind the row. */
  advance(time: number): void {
    if (this.#rules.streamTime) return
    this.#time = Math.max(this.#time, time)
    this.#emitDue()
  }

  #emitDue(): void {
    const { waitMs, strict, streamTime } = this.#rules
    const to = this.#time - waitMs
    this.#emit(
      this.#inOrder().filter(({ at }) => at < to || (at === to && !(strict && !streamTime))),
    )
  }

  #inOrder(): readonly Held[] {
    return [...this.#held.values()].sort(
      (a, b) => a.at - b.at || compare(a.change.key, b.change.key),
    )
  }

  #emit(leaving: readonly Held[]): void {
    for (const { change, prior } of leaving) {
      this.#held.delete(JSON.stringify(change.key))
      if (this.#rules.final && change.value === null) continue
      this.emitted.push({ ...change, old: this.#rules.streamTime ? change.old : prior })
    }
  }
}

/** By the bytes of the key, which are those of its text; the windows of one buffer time differ in their start only. */
function compare(a: Key, b: Key): number {
  const [textA, startA] = typeof a === 'string' ? [a, 0] : [a.key, a.start]
  const [textB, startB] = typeof b === 'string' ? [b, 0] : [b.key, b.start]
  return Buffer.compare(Buffer.from(textA), Buffer.from(textB)) || startA - startB
}

/** Shows each change with the value before it. */
class ShowOld implements Processor<Key, Count | null, Key, unknown> {
  #forward!: (key: Key, value: unknown) => void
  open(ctx: { forward(key: Key, value: unknown): void }): void {
    this.#forward = (key, value) => ctx.forward(key, value)
  }
  process(key: Key, value: Count | null, row: { readonly old: Count | null | undefined }): void {
    this.#forward(key, { value: value && { ...value }, old: row.old ? { ...row.old } : null })
  }
}

interface Table {
  readonly table: KTable<Key, Count>
  readonly waitMs: number
  readonly strict: boolean
  readonly rows: number
  readonly keys: number
  /** How often time jumps far. */
  readonly jumps: number
}

/** A table of counts of `in`, windowed or not; the aggregator changes its argument, or makes a new one. */
function tableOf(
  app: ReturnType<typeof createApp>,
  random: () => number,
  windowed: boolean,
): Table {
  const below = (n: number): number => Math.floor(random() * n)
  const stream = app.stream(embedded('in', { key: string(), value: json<number>() }))
  const mutates = random() < 0.5
  const init = (): Count => ({ n: 0 })
  const add = (count: Count, value: number): Count | null => {
    if (value === 0) return null // deletes the row
    if (!mutates) return { n: count.n + value }
    count.n += value
    return count
  }
  const typedAdd = add as (count: Count, value: number) => Count
  const grouped = stream.groupByKey()
  const as = (table: unknown): KTable<Key, Count> => table as KTable<Key, Count>
  const grace = below(3) * 5
  const rows = 5 + below(30)
  const keys = 1 + below(4)
  if (!windowed)
    return {
      table: as(grouped.aggregate(init, typedAdd)),
      waitMs: 0,
      strict: true,
      rows,
      keys: below(10) === 0 ? 30 : keys,
      jumps: 0.03,
    }
  const of = { rows, keys, waitMs: grace, jumps: 0.03 }
  switch (below(9) >>> 1) {
    case 0: {
      const windows = tumbling(`${1 + below(20)}ms`).grace(`${grace}ms`)
      return {
        ...of,
        table: as(grouped.windowedBy(windows).aggregate(init, typedAdd)),
        strict: false,
      }
    }
    case 1: {
      const windows = hopping(`${1 + below(20)}ms`, `${1 + below(5)}ms`).grace(`${grace}ms`)
      return {
        ...of,
        table: as(grouped.windowedBy(windows).aggregate(init, typedAdd)),
        strict: false,
      }
    }
    case 2: {
      const windows = sliding(`${1 + below(20)}ms`).grace(`${grace}ms`)
      return {
        ...of,
        table: as(grouped.windowedBy(windows).aggregate(init, typedAdd)),
        strict: true,
      }
    }
    case 3: {
      const gap = below(10)
      const windows = session(`${gap}ms`).grace(`${grace}ms`)
      const merge = (a: Count, b: Count): Count => ({ n: a.n + b.n })
      const table = as(grouped.windowedBy(windows).aggregate(init, typedAdd, merge))
      return { ...of, table, waitMs: grace + gap, strict: true }
    }
    default: {
      // So many windows that a row owes more than a slice.
      const windows = hopping('300ms', '1ms').grace(`${grace}ms`)
      const table = as(grouped.windowedBy(windows).aggregate(init, typedAdd))
      return { ...of, table, strict: false, rows: 2 + below(2), jumps: 0.7 }
    }
  }
}

interface Run {
  readonly pipe: (key: string | null, value: number, time: number) => readonly Change[]
  readonly driver: TestDriver
}

/** What a sink behind the table sees of each input row. */
function runOf(seed: number, clock: 'watermark' | 'streamTime', options: Options): Run {
  const app = createApp({ id: 'suppress', clock })
  const { table } = tableOf(app, seededRandom(seed), options.windowed)
  const out = sink<unknown>('out')
  const suppressed = table.suppress(options.suppress)
  const shown = options.shown === 'table' ? table : suppressed
  shown
    .toStream({ tombstones: true })
    .process(() => new ShowOld())
    .to(out)
  const driver = new TestDriver(app, drainOf(seed))
  const input = driver.createInputTopic<string, number>('in')
  const output = driver.createOutputTopic<Key, Pick<Change, 'value' | 'old'>>(out)
  return {
    driver,
    pipe: (key, value, time) => {
      input.pipeInput(key, value, time)
      return output
        .readRecordsToList()
        .map((row) => ({ key: row.key, ...row.value, timestamp: row.timestamp }))
    },
  }
}

/** The budget of a drain shows in no result. */
function drainOf(seed: number): { readonly drainRows?: number } {
  return seed % 3 === 0 ? { drainRows: 1 + (seed % 7) } : {}
}

interface Options {
  readonly windowed: boolean
  readonly suppress: SuppressOptions
  readonly shown: 'table' | 'suppressed'
}

/** Suppress so patient that it does nothing, save that the table tells old values. */
const patient: SuppressOptions = { until: 'timeLimit', after: '10d' }

function history(seed: number, until: 'windowCloses' | 'timeLimit'): void {
  const random = seededRandom(seed + 1)
  const below = (n: number): number => Math.floor(random() * n)
  const clock = random() < 0.5 ? 'streamTime' : 'watermark'
  const final = until === 'windowCloses'
  const windowed = final || random() < 0.4
  const after = below(30)
  const bounded = random() < 0.4
  const maxRecords = 1 + below(final ? 40 : 8)
  const shutDown = final || random() < 0.3
  const buffer = bounded ? { maxRecords } : {}
  const suppress: SuppressOptions = final
    ? { until: 'windowCloses', buffer }
    : {
        until: 'timeLimit',
        after: `${after}ms`,
        buffer: { ...buffer, whenFull: shutDown ? 'shutDown' : 'emitEarly' },
      }
  const plain = runOf(seed, clock, { windowed, suppress: patient, shown: 'table' })
  const { pipe, driver } = runOf(seed, clock, { windowed, suppress, shown: 'suppressed' })
  const { rows, keys, waitMs, strict, jumps } = tableOf(
    createApp({ id: 'facts' }),
    seededRandom(seed),
    windowed,
  )
  const oracle = new Oracle({
    final,
    waitMs: final ? waitMs : after,
    strict: !final || strict,
    maxRecords: bounded ? maxRecords : Infinity,
    shutDown,
    streamTime: clock === 'streamTime',
  })
  let time = 0
  let newest = -Infinity
  for (let i = 0; i < rows; i++) {
    time = Math.max(0, time + below(12) - 4)
    if (random() < jumps) time += 400
    const key = random() < 0.05 ? null : `k${below(keys)}`
    const value = below(6)
    newest = Math.max(newest, time)
    let expected: readonly Change[] | 'full'
    try {
      for (const change of plain.pipe(key, value, time)) oracle.change(change)
      oracle.advance(newest)
      expected = oracle.emitted.splice(0)
    } catch (error) {
      if (!(error instanceof Full)) throw error
      expected = 'full'
    }
    if (expected === 'full') {
      expect(() => pipe(key, value, time)).throws(/buffer full.*raise buffer.maxRecords/)
      return
    }
    expect(pipe(key, value, time)).deep.equal(expected)
    if (random() < 0.2) driver.crash()
  }
  // A crash took the counts of its rows with it; those since then are all there.
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
}

export const histories: Histories = {
  'suppress-window': (seed) => history(seed, 'windowCloses'),
  'suppress-time-limit': (seed) => history(seed, 'timeLimit'),
}
