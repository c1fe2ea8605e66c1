// Aggregates of grouped streams against oracles that keep every row and fold them all again for each answer: random histories with
// disorder, late rows, null keys and values, aggregates that become null, and crashes between any two batches.
import { isDeepStrictEqual } from 'node:util'
import { createApp, hopping, tumbling, unlimited } from '@millrace/core'
import type {
  Clock,
  Emit,
  KCogrouped,
  KGrouped,
  KStream,
  KTable,
  Late,
  Source,
} from '@millrace/core'
import { TestDriver, seededRandom } from '@millrace/core/testing'
import { cursorOf } from '../../src/dsl/cursor.ts'
import { sink } from '../runtime/random-graph.ts'
import type { Histories } from './check.ts'

/** What is piped: the time counts behind `eventTime`; the value may be null behind it. */
interface Item {
  readonly at: number
  readonly value: Value | null
}
type Value = number | { n: number }

type Pick = (n: number) => number

function picker(random: () => number): Pick {
  return (n) => Math.floor(random() * n)
}

interface Input {
  readonly side: number
  readonly key: string | null
  readonly item: Item
}

/** An aggregate: as a user writes it, and over all its values once more. Null is no aggregate. */
interface Fold {
  readonly verb: 'count' | 'reduce' | 'aggregate'
  readonly init: () => unknown
  readonly add: (aggregate: any, value: any) => unknown
  readonly all: (values: readonly any[]) => unknown
  readonly objects?: true
}

/** The value behind which an aggregate is null. */
const eraser = 7

const count: Fold = {
  verb: 'count',
  init: () => 0,
  add: (n: number) => n + 1,
  all: (values) => values.length,
}
const pure: Fold = {
  verb: 'aggregate',
  init: () => ({ n: 0, sum: 0 }),
  add: (a: { n: number; sum: number }, value: number | null) =>
    value === eraser ? null : { n: a.n + 1, sum: a.sum + (value ?? 0) },
  all: (values) =>
    values.at(-1) === eraser
      ? null
      : { n: values.length, sum: values.reduce((sum, value) => sum + (value ?? 0), 0) },
}
const mutating: Fold = {
  ...pure,
  add: (a: { n: number; sum: number }, value: number | null) => {
    if (value === eraser) return null
    a.n++
    a.sum += value ?? 0
    return a
  },
}
const highest: Fold = {
  verb: 'reduce',
  init: () => null,
  add: (a: number, value: number | null) => (value === eraser ? null : Math.max(a, value ?? 0)),
  all: (values) => (values.length > 1 && values.at(-1) === eraser ? null : maxOf(values)),
}
const mutatingReduce: Fold = {
  verb: 'reduce',
  objects: true,
  init: () => null,
  add: (a: { n: number }, value: { n: number } | null) => {
    a.n += value?.n ?? 0
    return a
  },
  all: ([first, ...others]) =>
    first === null ? null : { n: others.reduce((n, value) => n + (value?.n ?? 0), first.n) },
}
const folds: readonly Fold[] = [count, pure, mutating, highest, mutatingReduce]

function maxOf([first, ...others]: readonly (number | null)[]): number | null {
  return first === null ? null : Math.max(first!, ...others.map((value) => value ?? 0))
}

/** A change as it is told below, with the key's window where there is one. */
interface Change {
  readonly key: string
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly value: unknown
  readonly old: unknown
  readonly final: boolean
  readonly time: number
}

interface Outcome {
  readonly changes: readonly Change[]
  readonly late: readonly unknown[]
  /** Inputs up to which each commit came. */
  readonly commits?: readonly number[]
}

interface Scene {
  readonly clock: Clock
  readonly outOfOrderMs: number
  readonly fold: Fold
  readonly tellsOld: boolean
  readonly inputs: readonly Input[]
}

function sceneOf(random: () => number, sides: number): Scene {
  const pick = picker(random)
  // Reducers are no functions of a cogroup.
  const fold = folds[pick(sides > 1 ? 3 : folds.length)]!
  const keys = ['a', 'b', 'ab', 'b\u{0}', 'é', '\u{10400}', '\u{ffee}'].slice(0, 1 + pick(7))
  const spread = 1 + pick(40)
  let now = 0
  const inputs = Array.from({ length: 1 + pick(40) }, (): Input => {
    now += pick(4) === 0 ? pick(spread) : pick(3)
    const at = Math.max(0, now - (pick(3) === 0 ? pick(spread) : 0))
    const number = pick(9)
    const value = pick(8) === 0 ? null : fold.objects ? { n: number } : number
    const key = pick(12) === 0 ? null : keys[pick(keys.length)]!
    return { side: pick(sides), key, item: { at, value } }
  })
  return {
    clock: pick(2) === 0 ? 'watermark' : 'streamTime',
    outOfOrderMs: pick(2) * pick(20),
    fold,
    tellsOld: pick(2) === 0,
    inputs,
  }
}

/** Runs the scene through the engine: changes of the table, and late rows. */
function run(
  scene: Scene,
  sides: number,
  build: (
    grouped: readonly KGrouped<string, any>[],
    late: (stream: KStream<string, Late<unknown>>) => void,
  ) => KTable<any, unknown>,
  random: () => number,
): Outcome {
  const pick = picker(random)
  const app = createApp({ id: 'grouped', clock: scene.clock })
  const changes = sink<unknown>('changes')
  const lateOut = sink<Late<unknown>>('late')
  const grouped = Array.from({ length: sides }, (_, side) =>
    app
      .stream(source(`in${side}`))
      .eventTime((item) => item.at, { outOfOrder: `${scene.outOfOrderMs}ms` })
      .mapValues((item) => item.value as Value)
      .groupByKey(),
  )
  let late = false
  const table = build(grouped, (stream) => {
    late = true
    stream.to(lateOut)
  })
  const cursor = cursorOf(table)
  if (scene.tellsOld) cursor.table!.tellOld(true)
  const stream = cursor.build.stream(cursor) as KStream<any, unknown>
  stream
    .process(() => {
      let forward: (key: unknown, value: object) => void
      return {
        open: (ctx) => (forward = ctx.forward.bind(ctx)),
        process: (key, value, { old, final }) =>
          forward(key, structuredClone({ value, old, final })),
      }
    })
    .to(changes)

  const driver = new TestDriver(app, {
    ...(pick(2) === 0 ? { drainRows: 1 + pick(3) } : {}),
    batchRows: 1 + pick(4),
  })
  const topics = grouped.map((_, side) => driver.createInputTopic<string, Item>(`in${side}`))
  const commits: number[] = []
  for (let i = 0; i < scene.inputs.length;) {
    // A batch is of one topic: over several the rows would be taken by their times.
    const { side } = scene.inputs[i]!
    let end = i + 1
    while (end < i + 1 + pick(5) && scene.inputs[end]?.side === side) end++
    topics[side]!.pipeRecordList(
      scene.inputs.slice(i, end).map(({ key, item }) => ({ key, value: item, timestamp: item.at })),
    )
    i = end
    commits.push(end)
    if (pick(4) === 0) driver.crash()
  }
  for (const node of driver.nodes)
    if (!driver.counters(node).conserved) throw new Error(`law 1 does not hold at ${node}`)
  return {
    commits,
    changes: driver
      .createOutputTopic<any, any>(changes)
      .readRecordsToList()
      .map(({ key, value, timestamp }) => ({
        ...(typeof key === 'object' ? key : { key }),
        ...value,
        time: timestamp,
      })),
    late: late
      ? driver
          .createOutputTopic<string, Late<unknown>>(lateOut)
          .readRecordsToList()
          .map(({ key, value }) => ({ key, value: value.value, windows: value.windows }))
      : [],
  }
}

function source(topic: string): Source<string, Item> {
  return Object.freeze({
    kind: 'millrace.source',
    name: topic,
    topic,
    log: { system: 'test', open: () => Promise.reject(new Error('never opened')) },
    key: { name: 'identity', decode: (key: unknown) => key as string },
    value: { name: 'identity', decode: (value: unknown) => value as Item },
  })
}

function compare(got: unknown, wanted: unknown, scene: Scene, more: object): void {
  if (isDeepStrictEqual(got, wanted)) return
  const { fold, ...rest } = scene
  const shown = JSON.stringify({ fold: folds.indexOf(fold), ...rest, ...more }, null, 1)
  const lines = (rows: unknown): string =>
    Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)).join('\n') : String(rows)
  throw new Error(`${shown}\ngot:\n${lines(got)}\nwanted:\n${lines(wanted)}`)
}

// ---- windows

interface Shape {
  readonly size: number
  readonly advance: number
  readonly grace: number
}

/** A window that was ever opened: the values it took since its aggregate was last null, and the highest time of those. */
interface Window {
  readonly key: string
  readonly start: number
  values: (Value | null)[]
  time: number
  /** The last value that was told. */
  told: unknown
  closed: boolean
}

function windowOracle(
  scene: Scene,
  sides: number,
  { size, advance, grace }: Shape,
  origin: number,
  emit: Emit,
  retention: number,
): Outcome {
  const { clock, outOfOrderMs, fold, tellsOld } = scene
  let windows: Window[] = []
  const changes: Change[] = []
  const late: unknown[] = []
  const tell = (window: Window, value: unknown, old: unknown, final: boolean): void => {
    const { key, start, time } = window
    const change = { key, start, end: start + size, value, final, time }
    changes.push({ ...change, old: tellsOld ? old : undefined } as Change)
  }
  let T = -Infinity
  /** Of each side: the watermark is the lowest of them. Under stream time it judges the rows of its side, unless windows become final. */
  const times = Array.from({ length: sides }, () => -Infinity)
  const timeOf = (side: number): number =>
    clock === 'streamTime' && emit === 'update' ? times[side]! : T
  for (const { side, key, item } of scene.inputs) {
    const { at, value } = item
    if (clock === 'streamTime' && key !== null) {
      T = Math.max(T, at)
      times[side] = Math.max(times[side]!, at)
    }
    if (key !== null) {
      const starts: number[] = []
      if (advance === Infinity) starts.push(origin)
      else for (let start = 0; start <= at; start += advance) starts.push(start)
      const all = starts.filter((start) => start <= at && at < start + size)
      const refused = all.filter((start) => start + size <= timeOf(side) - grace)
      if (refused.length > 0 && refused.length === all.length)
        late.push({
          key,
          value,
          windows: refused.map((start) => ({ start, end: start + size })),
        })
      for (const start of all) {
        if (refused.includes(start)) continue
        let window = windows.find((other) => other.key === key && other.start === start)
        if (window === undefined) {
          window = { key, start, values: [], time: -1, told: null, closed: false }
          windows.push(window)
        }
        window.values.push(value)
        window.time = Math.max(window.time, at)
        const result = fold.all(window.values)
        // Kafka Streams tells the initializer's value of a window that was not there.
        const old = clock === 'streamTime' ? (window.told ?? fold.init()) : window.told
        if (emit !== 'close') tell(window, result, old, false)
        window.told = structuredClone(result)
        if (result === null) {
          window.values = []
          window.time = -1
        }
      }
    }
    if (clock === 'watermark') {
      times[side] = Math.max(times[side]!, at - outOfOrderMs)
      T = Math.min(...times)
    }
    const due = windows.filter(({ start, closed }) => !closed && start + size + grace <= T)
    due.sort((a, b) => a.start - b.start || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    for (const window of due) {
      window.closed = true
      if (emit === 'update' || window.values.length === 0) continue
      const result = fold.all(window.values)
      tell(window, result, emit === 'both' ? result : null, true)
    }
    // A slower side may meet windows that the fastest one has left behind: they begin anew.
    windows = windows.filter(({ start }) => start + size + grace + retention > T)
  }
  return { changes, late }
}

function windowHistory(
  shapeOf: (pick: Pick) => Shape,
  sidesOf: (pick: Pick) => number = () => 1,
): (seed: number) => void {
  return (seed) => {
    const random = seededRandom(seed)
    const pick = picker(random)
    const sides = sidesOf(pick)
    const scene = sceneOf(random, sides)
    const shape = shapeOf(pick)
    const never = shape.advance === Infinity
    const emit: Emit = never ? 'update' : (['update', 'close', 'both'] as const)[pick(3)]!
    const origin = never ? pick(30) : 0
    const kept = pick(3) === 0 ? pick(20) : 0
    const retention = kept > 0 ? ({ retention: `${kept}ms` } as const) : {}
    const window = never
      ? unlimited({ start: origin })
      : shape.size === shape.advance
        ? tumbling(`${shape.size}ms`).grace(`${shape.grace}ms`)
        : hopping(`${shape.size}ms`, `${shape.advance}ms`).grace(`${shape.grace}ms`)
    const got = run(
      scene,
      sides,
      (grouped, late) => {
        const options = { name: 'windows', late, ...retention }
        if (sides === 1)
          return aggregated(scene.fold, grouped[0]!.windowedBy(window).emit(emit), options)
        return cogrouped(scene.fold, grouped)
          .windowedBy(window)
          .emit(emit)
          .aggregate(scene.fold.init, options)
      },
      random,
    )
    const wanted = windowOracle(scene, sides, shape, origin, emit, kept)
    compare(got.changes, wanted.changes, scene, { shape, emit, origin, retention })
    compare(got.late, wanted.late, scene, { shape, emit, origin, retention, late: true })
  }
}

// ---- all rows of a key

/** What each input changes. */
function rowsOracle({ inputs, fold }: Scene): readonly (Change | undefined)[] {
  const kept = new Map<string, { values: Value[]; time: number; told: unknown }>()
  return inputs.map(({ key, item }) => {
    const { at, value } = item
    if (key === null || value === null) return undefined
    const entry = kept.get(key) ?? { values: [], time: -1, told: null }
    entry.values.push(value)
    entry.time = Math.max(entry.time, at)
    const result = fold.all(entry.values)
    const change = { key, value: result, old: entry.told, final: false, time: entry.time }
    entry.told = structuredClone(result)
    if (result === null) kept.delete(key)
    else kept.set(key, entry)
    return change
  })
}

/** The newest change of each key up to each commit, in their order, with the old value of the first. */
function thinned(
  changes: readonly (Change | undefined)[],
  commits: readonly number[],
): readonly Change[] {
  return commits.flatMap((end, i) => {
    const told = changes.slice(commits[i - 1] ?? 0, end).filter((change) => change !== undefined)
    return told
      .filter(({ key }, at) => told.findLastIndex((other) => other.key === key) === at)
      .map((newest) => ({ ...newest, old: told.find(({ key }) => key === newest.key)!.old }))
      .filter(({ value, old }) => value !== null || old !== null)
  })
}

function rowsHistory(
  sidesOf: (pick: Pick) => number,
  updates: 'each' | 'latest' = 'each',
): (seed: number) => void {
  return (seed) => {
    const random = seededRandom(seed)
    const sides = sidesOf(picker(random))
    const scene = sceneOf(random, sides)
    const { fold } = scene
    const got = run(
      scene,
      sides,
      (grouped) =>
        sides === 1
          ? aggregated(fold, grouped[0]!, { name: 'rows', updates })
          : cogrouped(fold, grouped).aggregate(fold.init, { name: 'rows', updates }),
      random,
    )
    const changes = rowsOracle(scene)
    const wanted =
      updates === 'each'
        ? changes.filter((change) => change !== undefined)
        : thinned(changes, got.commits!)
    compare(
      got.changes,
      wanted.map((change) => ({ ...change, old: scene.tellsOld ? change.old : undefined })),
      scene,
      { commits: got.commits },
    )
  }
}

/** Grouped streams and windowed ones have the same verbs. */
function aggregated({ verb, init, add }: Fold, target: any, options: object): KTable<any, unknown> {
  if (verb === 'count') return target.count(options)
  return verb === 'reduce' ? target.reduce(add, options) : target.aggregate(init, add, options)
}

function cogrouped(
  { add }: Fold,
  [first, ...others]: readonly KGrouped<string, any>[],
): KCogrouped<string, any> {
  return others.reduce((all, other) => all.cogroup(other, add), first!.cogroup<any>(add))
}

export const histories: Histories = {
  aggregate: rowsHistory(() => 1),
  cogroup: rowsHistory((pick) => 2 + pick(2)),
  'latest-updates': rowsHistory(() => 1, 'latest'),
  'cogroup-windows': windowHistory(
    (pick) => {
      const advance = 1 + pick(8)
      return { size: advance + pick(2) * pick(20), advance, grace: pick(2) * pick(30) }
    },
    (pick) => 2 + pick(2),
  ),
  'windows-tumbling': windowHistory((pick) => {
    const size = 1 + pick(20)
    return { size, advance: size, grace: pick(2) * pick(30) }
  }),
  'windows-hopping': windowHistory((pick) => {
    const advance = 1 + pick(8)
    return { size: advance + 1 + pick(20), advance, grace: pick(2) * pick(30) }
  }),
  'windows-hopping-gaps': windowHistory((pick) => {
    const size = 1 + pick(8)
    return { size, advance: size + 1 + pick(8), grace: pick(2) * pick(30) }
  }),
  'windows-unlimited': windowHistory(() => ({ size: Infinity, advance: Infinity, grace: 0 })),
}
