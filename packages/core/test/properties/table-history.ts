// What the histories of tables share: random rows on a few topics, a topology fed with them one by one, with a crash now and then, and
// what its sinks show, row by row.
import { inspect, isDeepStrictEqual } from 'node:util'
import { createApp, embedded, json, string } from '@millrace/core'
import type { App, Clock, KStream, Sink, Source } from '@millrace/core'
import type { Processor } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

/** A row of the input: null deletes, or is no value. */
export interface In {
  readonly topic: string
  readonly key: string | null
  readonly value: unknown
  readonly time: number
}

/** A row that a sink was given: its key, its value, its time. */
export type Out = readonly [key: unknown, value: unknown, time: number]

/** What each sink was given behind one row. */
export type Step = Readonly<Record<string, readonly Out[]>>

export type Pick = (n: number) => number

export function picker(random: () => number): Pick {
  return (n) => Math.floor(random() * n)
}

export function one<T>(pick: Pick, of: readonly T[]): T {
  return of[pick(of.length)]!
}

export function rowsOf<V>(topic: string): Source<string, V> {
  return Object.freeze({ ...embedded(topic, { key: string(), value: json<V>() }), nulls: 'pass' })
}

/** Few keys, times that go on with jitter, some of them twice. */
export function randomRows(
  pick: Pick,
  topics: readonly string[],
  value: (topic: string) => unknown,
): readonly In[] {
  const rows: In[] = []
  const length = 4 + pick(28)
  let now = 10
  for (let i = 0; i < length; i++) {
    now += pick(6)
    const topic = one(pick, topics)
    const again = rows.length > 0 && pick(8) === 0 ? one(pick, rows) : undefined
    rows.push(
      again ?? {
        topic,
        key: pick(15) === 0 ? null : `k${pick(3)}`,
        value: pick(5) === 0 ? null : value(topic),
        time: Math.max(0, now - pick(pick(4) === 0 ? 20 : 3)),
      },
    )
  }
  return rows
}

/** Feeds the rows to the app; behind each row what each sink was given because of it. */
export function shown(
  pick: Pick,
  clock: Clock,
  rows: readonly In[],
  build: (app: App, out: (name: string) => Sink<any>) => void,
): readonly Step[] {
  const app = createApp({ id: 'history', clock })
  const sinks = new Map<string, Sink<any>>()
  build(app, (name) => {
    sinks.set(name, sink(name))
    return sinks.get(name)!
  })
  const driver = new TestDriver(app)
  const inputs = new Map(
    [...new Set(rows.map(({ topic }) => topic))].map((topic) => [
      topic,
      driver.createInputTopic<string, unknown>(topic),
    ]),
  )
  const crashes = 1 + pick(6)
  const steps = rows.map(({ topic, key, value, time }) => {
    inputs.get(topic)!.pipeInput(key, value, time)
    const step: Record<string, readonly Out[]> = {}
    for (const [name, spec] of sinks)
      step[name] = driver
        .createOutputTopic<unknown, unknown>(spec)
        .readRecordsToList()
        .map(({ key: k, value: v, timestamp }) => [k, v, timestamp] as const)
    if (pick(crashes) === 0) driver.crash()
    return step
  })
  for (const node of driver.nodes)
    if (!driver.counters(node).conserved) throw new Error(`rows of ${node} do not add up`)
  driver.close()
  return steps
}

/** Fails with the first row at which what was shown is not what was expected. */
export function same(rows: readonly In[], got: readonly Step[], wanted: readonly Step[]): void {
  const i = rows.findIndex((_, at) => !isDeepStrictEqual(got[at], wanted[at]))
  if (i < 0) return
  const lines = rows.slice(0, i + 1).map((row) => `  ${JSON.stringify(row)}`)
  throw new Error(
    `behind the last of these rows\n${lines.join('\n')}\ncame     ${inspect(got[i], { depth: 9 })}\nexpected ${inspect(wanted[i], { depth: 9 })}`,
  )
}

/** Each row with the old value that came with it: `untold` where the table does not tell. */
export function withOld(changes: KStream<string, unknown>): KStream<string, unknown> {
  return changes.processValues<unknown[]>(() => {
    let forward!: (key: string, value: unknown[]) => void
    return {
      open: (ctx) => void (forward = (key, value) => ctx.forward(key, value)),
      process: (key, value, row) =>
        forward(key, structuredClone([value, row.old === undefined ? 'untold' : row.old])),
    } satisfies Processor<string, unknown, string, unknown[]>
  })
}
