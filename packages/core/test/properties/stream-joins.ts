// Joins of two streams against their rules, written down naively: under the watermark what the set of rows says, under stream time Kafka
// Streams' procedure step by step. Histories have disorder, duplicates, late rows, nulls, and crashes between rows.
import { inspect, isDeepStrictEqual } from 'node:util'
import { createApp, embedded, json, string } from '@millrace/core'
import type { Clock, KStream, Late, Source } from '@millrace/core'
import { seededRandom, TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

type Side = 'left' | 'right'
type Kind = 'join' | 'leftJoin' | 'outerJoin'
type Value = { n: number } | null
type Out = readonly [sink: string, key: string | null, value: unknown, time: number]

interface In {
  readonly side: Side
  readonly key: string | null
  readonly value: number | null
  readonly time: number
}

interface Setting {
  readonly kind: Kind
  readonly self: boolean
  readonly clock: Clock
  readonly before: number
  readonly after: number
  readonly grace: number
  readonly outOfOrder: number
}

export const histories: Readonly<Record<string, (seed: number) => void>> = {
  'join-inner': (seed) => history(seed, 'join', false),
  'join-left': (seed) => history(seed, 'leftJoin', false),
  'join-outer': (seed) => history(seed, 'outerJoin', false),
  'join-self': (seed) => history(seed, undefined, true),
}

function history(seed: number, kind: Kind | undefined, self: boolean): void {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const before = pick(13)
  const setting: Setting = {
    kind: kind ?? (['join', 'leftJoin', 'outerJoin'] as const)[pick(3)]!,
    self,
    clock: pick(2) === 0 ? 'streamTime' : 'watermark',
    before,
    after: pick(2) === 0 ? before : pick(13),
    grace: pick(2) === 0 ? 0 : pick(8),
    outOfOrder: pick(3) === 0 ? 0 : pick(10),
  }
  const rows = randomRows(pick)
  const expected =
    setting.clock === 'watermark' ? byWatermark(setting, rows) : byStreamTime(setting, rows)
  const shown = bySink(run(setting, rows, pick))
  const wanted = bySink(expected)
  if (isDeepStrictEqual(shown, wanted)) return
  const at = shown.findIndex((row, i) => !isDeepStrictEqual(row, wanted[i]))
  throw new Error(
    `${inspect(setting)}\nrows ${inspect(rows, { maxArrayLength: null })}\nfirst difference at ${at}` +
      `\nexpected ${inspect(wanted, { maxArrayLength: null })}\ngot ${inspect(shown, { maxArrayLength: null })}`,
  )
}

/** The order of rows in different sinks is nobody's. */
function bySink(rows: readonly Out[]): readonly Out[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Few keys, one of them the beginning of another; times that go on with jitter and now and then a jump. */
function randomRows(pick: (n: number) => number): readonly In[] {
  const rows: In[] = []
  const length = 4 + pick(36)
  let now = 10
  for (let i = 0; i < length; i++) {
    now += pick(12) === 0 ? 30 : pick(6)
    const again = rows.length > 0 && pick(8) === 0 ? rows[pick(rows.length)]! : undefined
    rows.push(
      again ?? {
        side: pick(2) === 0 ? 'left' : 'right',
        key: pick(15) === 0 ? null : ['a', 'a\0', 'b'][pick(3)]!,
        value: pick(12) === 0 ? null : i,
        time: Math.max(0, now - pick(pick(4) === 0 ? 40 : 6)),
      },
    )
  }
  return rows
}

// ---- the app

function run(setting: Setting, rows: readonly In[], pick: (n: number) => number): readonly Out[] {
  const { kind, self, clock, before, after, grace, outOfOrder } = setting
  const app = createApp({ id: 'history', clock })
  const stream = (topic: string): KStream<string, { n: number }> => {
    const source: Source<string, { n: number }> = Object.freeze({
      ...embedded(topic, { key: string(), value: json<{ n: number }>() }),
      nulls: 'pass',
    })
    const timed = app
      .stream(source)
      .eventTime((_value, _key, record) => record.timestamp, { outOfOrder: `${outOfOrder}ms` })
    return timed
  }
  const left = stream('left')
  const right = self ? left : stream('right')
  const shown: Out[] = []
  const options = {
    name: 'joined',
    within: { before: `${before}ms`, after: `${after}ms` },
    grace: `${grace}ms`,
    // Under stream time no row is late for a join.
    ...(clock === 'streamTime'
      ? {}
      : {
          late: {
            ...(kind === 'join' ? { left: lateTo('late-left') } : {}),
            ...(kind === 'outerJoin' ? {} : { right: lateTo('late-right') }),
          },
        }),
  } as const
  const join = (l: Value, r: Value): string => `${l?.n ?? null}+${r?.n ?? null}`
  const joined =
    kind === 'join'
      ? left.join(right, join, options)
      : kind === 'leftJoin'
        ? left.leftJoin(right, join, options)
        : left.outerJoin(right, join, options)
  joined.to(sink('joined'))
  // What a join keeps is its own: others may change the row that went on.
  for (const branch of [left, right])
    branch.foreach((value: Value) => {
      if (value !== null) value.n = -1
    })
  const slice = pick(3)
  const driver = new TestDriver(app, slice === 0 ? {} : { drainRows: slice })
  const topics = { left: driver.createInputTopic<string, unknown>('left') } as Record<
    Side,
    ReturnType<typeof driver.createInputTopic<string, unknown>>
  >
  topics.right = self ? topics.left : driver.createInputTopic<string, unknown>('right')
  const crashes = pick(2) === 0
  const names = ['joined', 'late-left', 'late-right'].filter(
    (name) => name === 'joined' || Object.hasOwn(options.late ?? {}, name.slice('late-'.length)),
  )
  const outputs = names.map(
    (name) => [name, driver.createOutputTopic<string, unknown>(`test:${name}`)] as const,
  )
  for (const { side, key, value, time } of rows) {
    topics[side].pipeInput(key, value === null ? null : { n: value }, time)
    for (const [name, output] of outputs)
      for (const row of output.readRecordsToList())
        shown.push([name, row.key, row.value, row.timestamp])
    if (!driver.counters('joined').conserved) throw new Error('Law 1: rows taken have one end each')
    if (crashes && pick(4) === 0) driver.crash()
  }
  return shown
}

function lateTo(name: string): (late: KStream<string, Late<{ n: number }>>) => void {
  return (late) => late.mapValues(({ value }) => value.n).to(sink(name))
}

// ---- the rules

interface Kept {
  readonly side: Side
  readonly key: string
  readonly value: number
  readonly time: number
  waits: boolean
}

/** Rows with their side: in a self join each is first the left one, then the right one. */
function sided({ self }: Setting, rows: readonly In[]): readonly (readonly In[])[] {
  return rows.map((row) =>
    self
      ? [
          { ...row, side: 'left' },
          { ...row, side: 'right' },
        ]
      : [row],
  )
}

function isOuter({ kind }: Setting, side: Side): boolean {
  return kind === 'outerJoin' || (kind === 'leftJoin' && side === 'left')
}

function boundsOf({ before, after }: Setting, side: Side): { before: number; after: number } {
  return side === 'left' ? { before, after } : { before: after, after: before }
}

function joinedRow(own: Pick<Kept, 'side' | 'value'>, other: number | null): string {
  return own.side === 'left' ? `${own.value}+${other}` : `${other}+${own.value}`
}

const byTime = (a: Kept, b: Kept): number => a.time - b.time

const inLeavingOrder = (a: Kept, b: Kept): number =>
  a.time - b.time ||
  (a.side === b.side ? 0 : a.side === 'right' ? -1 : 1) ||
  Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))

function byWatermark(setting: Setting, rows: readonly In[]): readonly Out[] {
  const { grace, outOfOrder, self } = setting
  const kept: Kept[] = []
  const out: Out[] = []
  const newest: Record<Side, number> = { left: -Infinity, right: self ? Infinity : -Infinity }
  let watermark = -Infinity
  const closed = (side: Side, time: number): boolean =>
    watermark > time + boundsOf(setting, side).after + grace
  for (const sides of sided(setting, rows)) {
    for (const { side, key, value, time } of sides) {
      if (value === null) continue
      const outer = isOuter(setting, side)
      if (key === null || (outer && closed(side, time))) {
        if (outer) out.push(['joined', key, joinedRow({ side, value }, null), time])
        continue
      }
      if (closed(side, time)) {
        out.push([`late-${side}`, key, value, time])
        continue
      }
      const { before, after } = boundsOf(setting, side)
      const partners = kept
        .filter(
          (other) => other.side !== side && other.key === key && !closed(other.side, other.time),
        )
        .filter((other) => other.time >= time - before && other.time <= time + after)
        .sort(byTime)
      for (const other of partners) {
        out.push([
          'joined',
          key,
          joinedRow({ side, value }, other.value),
          Math.max(time, other.time),
        ])
        other.waits = false
      }
      kept.push({ side, key, value, time, waits: outer && partners.length === 0 })
    }
    const { side, time } = sides[0]!
    newest[side] = Math.max(newest[side], time)
    const holds = self ? newest.left : Math.min(newest.left, newest.right)
    watermark = Math.max(watermark, holds - outOfOrder)
    for (const row of kept
      .filter(({ waits, side, time }) => waits && closed(side, time))
      .sort(inLeavingOrder)) {
      out.push(['joined', row.key, joinedRow(row, null), row.time])
      row.waits = false
    }
  }
  return out
}

function byStreamTime(setting: Setting, rows: readonly In[]): readonly Out[] {
  const { grace, before, after } = setting
  const retention = before + after + grace
  const stores: Record<Side, { kept: Kept[]; time: number }> = {
    left: { kept: [], time: -Infinity },
    right: { kept: [], time: -Infinity },
  }
  let waiting: Kept[] = []
  let streamTime = -1
  let minTime = Infinity
  const out: Out[] = []
  const walk = (bound: number): void => {
    if (minTime + bound + grace >= streamTime) return
    minTime = Infinity
    const open: Record<Side, boolean> = { left: false, right: false }
    const gone: Kept[] = []
    for (const row of [...waiting].sort(inLeavingOrder)) {
      minTime = row.time
      if (open.left && open.right) break
      if (row.time + boundsOf(setting, row.side).after + grace >= streamTime) {
        open[row.side] = true
        continue
      }
      out.push(['joined', row.key, joinedRow(row, null), row.time])
      gone.push(row)
    }
    waiting = waiting.filter((row) => !gone.includes(row))
  }
  for (const { side, key, value, time } of sided(setting, rows).flat()) {
    const bounds = boundsOf(setting, side)
    const outer = isOuter(setting, side)
    streamTime = Math.max(streamTime, time)
    const own = stores[side]
    const other = stores[side === 'left' ? 'right' : 'left']
    if (key !== null) own.time = Math.max(own.time, time)
    if (value === null) continue
    if (key === null) {
      if (outer) out.push(['joined', key, joinedRow({ side, value }, null), time])
      continue
    }
    if (time > own.time - retention) own.kept.push({ side, key, value, time, waits: false })
    if (time === streamTime && setting.kind !== 'join') walk(bounds.after)
    const partners = other.kept
      .filter((row) => row.key === key && row.time > other.time - retention)
      .filter((row) => row.time >= time - bounds.before && row.time <= time + bounds.after)
      .sort(byTime)
    for (const partner of partners) {
      out.push([
        'joined',
        key,
        joinedRow({ side, value }, partner.value),
        Math.max(time, partner.time),
      ])
      waiting = waiting.filter(
        (row) => !(row.side !== side && row.key === key && row.time === partner.time),
      )
    }
    if (partners.length > 0 || !outer) continue
    if (time + bounds.after < streamTime) {
      out.push(['joined', key, joinedRow({ side, value }, null), time])
      continue
    }
    minTime = Math.min(minTime, time)
    waiting.push({ side, key, value, time, waits: true })
  }
  return out
}
