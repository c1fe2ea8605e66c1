// Random scenes for windows that depend on the rows themselves, and their run through the engine. An aggregate is the text of what
// went into it, in order, so a wrong order shows, too.
import { isDeepStrictEqual } from 'node:util'
import { createApp } from '@millrace/core'
import type {
  Clock,
  Emit,
  KStream,
  KTable,
  Late,
  SessionWindow,
  SlidingWindow,
  Source,
} from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { cursorOf } from '../../src/dsl/cursor.ts'
import { sink } from '../runtime/random-graph.ts'

export interface Input {
  readonly key: string | null
  readonly at: number
  /** Null is a null value. */
  readonly mark: string | null
  /** Of a cogroup. */
  readonly side: number
}

interface Text {
  text: string
}

/** How the user's functions treat their arguments. */
type Style = 'pure' | 'mutates' | 'mutates right'
export const styles: readonly Style[] = ['pure', 'mutates', 'mutates right']

export interface Scene {
  readonly clock: Clock
  readonly outOfOrder: number
  readonly emit: Emit
  readonly style: Style
  readonly sides: number
  readonly tellsOld: boolean
  readonly retention: number
  readonly inputs: readonly Input[]
}

/** A change as it is told below. */
export interface Change {
  readonly key: string
  readonly start: number
  readonly end: number
  readonly value: string | null
  readonly old: string | null | undefined
  readonly final: boolean
  readonly time: number
}

export interface LateRow {
  readonly key: string
  readonly value: string | null
  readonly windows: readonly { readonly start: number; readonly end: number }[]
}

export interface Shown {
  readonly changes: readonly Change[]
  readonly late: readonly LateRow[]
  /** Windows that refused a row; counters begin anew at a crash. */
  readonly expired: number | undefined
}

/** The mark behind which an aggregate is null. */
export const eraser = 'X'

/** The aggregate of these marks: as the oracles see it. */
export function textOf(side: number, before: string, mark: string | null): string | null {
  return mark === eraser ? null : `${before}${side}${mark ?? '-'},`
}

export function inputsOf(
  pick: (n: number) => number,
  options: { sides: number; spread: number; nulls: boolean },
): readonly Input[] {
  const keys = ['a', 'b', 'ab', 'b\u{0}', 'é', '\u{10400}', '\u{ffee}'].slice(0, 1 + pick(7))
  let now = 0
  return Array.from({ length: 1 + pick(40) }, (_, i): Input => {
    now += pick(4) === 0 ? pick(options.spread) : pick(3)
    const at = Math.max(0, now - (pick(3) === 0 ? pick(options.spread) : 0))
    const mark = !options.nulls ? `${i}` : pick(10) === 0 ? null : pick(12) === 0 ? eraser : `${i}`
    const key = options.nulls && pick(12) === 0 ? null : keys[pick(keys.length)]!
    return { key, at, mark, side: pick(options.sides) }
  })
}

function adderOf(style: Style, side: number): (a: Text, mark: string | null) => Text {
  return (a, mark) => {
    const text = textOf(side, a.text, mark)
    if (text === null) return null as never
    if (style === 'pure') return { text }
    a.text = text
    return a
  }
}

export function mergerOf(style: Style): (left: Text, right: Text) => Text {
  return (left, right) => {
    const text = left.text + right.text
    if (style === 'pure') return { text }
    const changed = style === 'mutates' ? left : right
    changed.text = text
    return changed
  }
}

export function run(
  scene: Scene,
  window: SlidingWindow | SessionWindow,
  pick: (n: number) => number,
): Shown {
  const { clock, outOfOrder, style, inputs } = scene
  const app = createApp({ id: 'scene', clock })
  const changes = sink<unknown>('changes')
  const lateOut = sink<Late<unknown>>('late')
  const rows = app.stream(source()).eventTime(({ at }) => at, { outOfOrder: `${outOfOrder}ms` })
  const grouped = Array.from({ length: scene.sides }, (_, side) =>
    rows
      .filter((input) => input.side === side)
      .mapValues(({ mark }) => mark as string)
      .groupByKey(),
  )
  const init = (): Text => ({ text: '' })
  const options = { name: 'windows', retention: `${scene.retention}ms`, late: lateOut } as const
  let table: KTable<any, any>
  if (scene.sides === 1) {
    const [only] = grouped
    const add = adderOf(style, 0)
    table =
      window.kind === 'session'
        ? only!.windowedBy(window).emit(scene.emit).aggregate(init, add, mergerOf(style), options)
        : only!.windowedBy(window).emit(scene.emit).aggregate(init, add, options)
  } else {
    const [first, ...others] = grouped
    let cogrouped = first!.cogroup(adderOf(style, 0))
    others.forEach((other, i) => (cogrouped = cogrouped.cogroup(other, adderOf(style, i + 1))))
    table =
      window.kind === 'session'
        ? cogrouped.windowedBy(window).emit(scene.emit).aggregate(init, mergerOf(style), options)
        : cogrouped.windowedBy(window).emit(scene.emit).aggregate(init, options)
  }
  tap(table, scene.tellsOld).to(changes)

  const driver = new TestDriver(app)
  const topic = driver.createInputTopic<string, Input>('in')
  let crashed = false
  for (let i = 0; i < inputs.length;) {
    const end = i + 1 + pick(5)
    topic.pipeRecordList(
      inputs.slice(i, end).map((input) => ({ key: input.key, value: input, timestamp: input.at })),
    )
    i = end
    if (pick(4) > 0) continue
    driver.crash()
    crashed = true
  }
  for (const node of driver.nodes)
    if (!driver.counters(node).conserved) throw new Error(`law 1 does not hold at ${node}`)
  return {
    changes: driver
      .createOutputTopic<any, any>(changes)
      .readRecordsToList()
      .map(({ key, value, timestamp }) => ({ ...key, ...value, time: timestamp })),
    late: driver
      .createOutputTopic<string, Late<string>>(lateOut)
      .readRecordsToList()
      .map(({ key, value: { value, windows } }) => ({ key, value, windows })),
    expired: crashed ? undefined : (driver.counters('windows').reasons.get('expired-window') ?? 0),
  }
}

/** The changes of a table, with what they tell. */
function tap(table: KTable<any, any>, tellsOld: boolean): KStream<any, unknown> {
  const cursor = cursorOf(table)
  if (tellsOld) cursor.table!.tellOld(true)
  const stream = cursor.build.stream(cursor) as KStream<any, any>
  return stream.process(() => {
    let forward: (key: unknown, value: object) => void
    return {
      open: (ctx) => (forward = ctx.forward.bind(ctx)),
      process: (key, value, { old, final }) =>
        forward(key, {
          value: (value as Text | null)?.text ?? null,
          old: old === undefined ? undefined : ((old as Text | null)?.text ?? null),
          final,
        }),
    }
  })
}

function source(): Source<string, Input> {
  return Object.freeze({
    kind: 'millrace.source',
    name: 'in',
    topic: 'in',
    log: { system: 'test', open: () => Promise.reject(new Error('never opened')) },
    key: { name: 'identity', decode: (key: unknown) => key as string },
    value: { name: 'identity', decode: (value: unknown) => value as Input },
  })
}

export function compare(got: unknown, wanted: unknown, scene: object): void {
  if (isDeepStrictEqual(got, wanted)) return
  const lines = (rows: unknown): string =>
    Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)).join('\n') : JSON.stringify(rows)
  throw new Error(`${JSON.stringify(scene)}\ngot:\n${lines(got)}\nwanted:\n${lines(wanted)}`)
}
