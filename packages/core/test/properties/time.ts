// What time does to a user's own processor, against oracles that keep everything in plain lists and look through all of it each time:
// schedules, timers, and rows that expire. Between any two rows the task may crash and be restored.
import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { App } from '@millrace/core'
import { keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, Processor, ProcessorContext } from '@millrace/core/operator'
import { TestDriver, seededRandom } from '@millrace/core/testing'
import type { TestDriverOptions } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

type Context = ProcessorContext<string, string>

interface Chance {
  /** A whole number from 0 on, below n. */
  pick(n: number): number
  chance(share: number): boolean
}

function chanceOf(seed: number): Chance {
  const random = seededRandom(seed)
  for (let i = 0; i < 3; i++) random()
  return { pick: (n) => Math.floor(random() * n), chance: (share) => random() < share }
}

/** Drives an app a row or a step of the wall clock at a time, with crashes in between. */
class Scene {
  readonly #chance: Chance
  readonly #driver: TestDriver
  readonly #input
  readonly #output
  now = 0

  constructor(app: App, chance: Chance, options: TestDriverOptions) {
    this.#chance = chance
    this.#driver = new TestDriver(app, {
      ...options,
      ...(chance.chance(0.3) ? { drainRows: 1 } : {}),
    })
    this.#input = this.#driver.createInputTopic<string, Item>('in')
    this.#output = this.#driver.createOutputTopic<string, string>('test:out')
  }

  mayCrash(): boolean {
    if (!this.#chance.chance(0.15)) return false
    this.#driver.crash()
    return true
  }

  row(key: string, n: number, time: number): void {
    this.rows([{ key, n, time }])
  }

  /** In one batch: the wall clock is not looked at between them. */
  rows(rows: readonly { readonly key: string; readonly n: number; readonly time: number }[]): void {
    this.#input.pipeRecordList(
      rows.map(({ key, n, time }) => ({ key, value: { n, path: '' }, timestamp: time })),
    )
  }

  wall(ms: number): void {
    this.now += ms
    this.#driver.advanceWallClockTime(ms)
  }

  get out(): readonly string[] {
    return this.#output
      .readRecordsToList()
      .map(({ key, value, timestamp }) => `${key} ${value}@${timestamp}`)
  }

  end(...nodes: readonly string[]): void {
    for (const node of nodes) expect(this.#driver.counters(node).conserved).equal(true)
    this.#driver.close()
  }
}

// ---- schedules

interface Plan {
  readonly name: string
  readonly node: number
  readonly everyMs: number
  readonly by: 'eventTime' | 'wallClock'
}

function punctuation(seed: number, options: TestDriverOptions): void {
  const chance = chanceOf(seed)
  const clock = chance.chance(0.5) ? 'streamTime' : 'watermark'
  const outOfOrder = clock === 'watermark' ? chance.pick(20) : 0
  const nodes = 1 + chance.pick(3)
  // In the order in which their nodes are opened. Few intervals, so that many are due at once.
  const plans = Array.from({ length: 1 + chance.pick(8) }, (_, i): Plan => ({
    name: `p${i}`,
    node: chance.pick(nodes),
    everyMs: chance.chance(0.5) ? 10 * (1 + chance.pick(3)) : 1 + chance.pick(40),
    by: chance.chance(0.6) ? 'eventTime' : 'wallClock',
  })).sort((a, b) => a.node - b.node)
  const app = createApp({ id: 'property', clock })
  let stream = app
    .stream(source('in'))
    .eventTime((_v, _k, record) => record.timestamp, { outOfOrder: `${outOfOrder}ms` })
    .mapValues(({ n }) => String(n))
  for (let i = 0; i < nodes; i++)
    stream = stream.process<string, string>(
      () => {
        let ctx: Context
        return {
          open(context) {
            ctx = context
            for (const { name, node, everyMs, by } of plans)
              if (node === i) ctx.schedule(everyMs, by, (time) => ctx.forward(name, String(time)))
          },
          process: (key, value) => ctx.forward(key, value),
        }
      },
      { name: `node${i}` },
    )
  stream.to(sink('out'))
  const scene = new Scene(app, chance, options)
  const oracle = new Punctuators(plans, clock === 'streamTime' ? 1 : nodes)
  const steps = 5 + chance.pick(40)
  let newest = -Infinity
  let near = 0
  for (let i = 0; i < steps; i++) {
    if (scene.mayCrash()) oracle.restart(scene.now)
    const expected: string[] = []
    if (chance.chance(0.3)) {
      scene.wall(chance.pick(60))
      expected.push(...oracle.pass('wallClock', scene.now))
    } else {
      near += chance.chance(0.1) ? chance.pick(500) : chance.pick(15)
      const time = Math.max(0, near - chance.pick(30))
      newest = Math.max(newest, time)
      scene.row('k', i, time)
      expected.push(`k ${i}@${time}`, ...oracle.pass('eventTime', newest - outOfOrder))
    }
    expect(scene.out, `step ${i}`).deep.equal(expected)
  }
  scene.end(...Array.from({ length: nodes }, (_, i) => `node${i}`))
}

interface Moment {
  readonly at: number
  readonly plan: Plan
}

/** A binary heap by the book, as java.util.PriorityQueue is one: what is equal keeps still. */
class Heap {
  #all: Moment[] = []

  get first(): Moment | undefined {
    return this.#all[0]
  }

  add(moment: Moment): void {
    this.#all.push(moment)
    this.#up(this.#all.length - 1)
  }

  removeFirst(): void {
    const [, ...rest] = this.#all
    const last = rest.pop()
    this.#all = last === undefined ? rest : [last, ...rest]
    this.#down(0)
  }

  clear(): void {
    this.#all = []
  }

  #up(i: number): void {
    const parent = Math.ceil(i / 2) - 1
    if (i === 0 || this.#all[parent]!.at <= this.#all[i]!.at) return
    this.#swap(i, parent)
    this.#up(parent)
  }

  #down(i: number): void {
    const [left, right] = [this.#all[2 * i + 1], this.#all[2 * i + 2]]
    if (left === undefined) return
    const least = right !== undefined && right.at < left.at ? 2 * i + 2 : 2 * i + 1
    if (this.#all[least]!.at >= this.#all[i]!.at) return
    this.#swap(i, least)
    this.#down(least)
  }

  #swap(i: number, j: number): void {
    ;[this.#all[i], this.#all[j]] = [this.#all[j]!, this.#all[i]!]
  }
}

/** Each moment that a schedule has is tried one by one. By event time there is a queue for each of so many nodes, or one for all. */
class Punctuators {
  readonly #plans: readonly Plan[]
  readonly #queues: Readonly<Record<Plan['by'], readonly Heap[]>>

  constructor(plans: readonly Plan[], queues: number) {
    this.#plans = plans
    this.#queues = {
      eventTime: Array.from({ length: queues }, () => new Heap()),
      wallClock: [new Heap()],
    }
    for (const plan of plans)
      if (plan.by === 'eventTime') this.#queues.eventTime[plan.node % queues]!.add({ at: 0, plan })
    this.restart(0)
  }

  restart(now: number): void {
    const [queue] = this.#queues.wallClock
    queue!.clear()
    for (const plan of this.#plans)
      if (plan.by === 'wallClock') queue!.add({ at: now + plan.everyMs, plan })
  }

  pass(by: Plan['by'], now: number): readonly string[] {
    const fired: string[] = []
    for (const queue of this.#queues[by])
      while (queue.first !== undefined && queue.first.at <= now) {
        const { plan } = queue.first
        let { at } = queue.first
        queue.removeFirst()
        fired.push(`${plan.name} ${now}@${now}`)
        while (at <= now) at += plan.everyMs
        queue.add({ at, plan })
      }
    return fired
  }
}

// ---- timers

const keys = ['a', 'b', 'c'] as const

/** What a row or a timer does, by its number: sets and deletes timers at times relative to its own. */
interface Deed {
  readonly set: readonly number[]
  readonly deleted: readonly number[]
}

function timers(seed: number, options: TestDriverOptions): void {
  const chance = chanceOf(seed)
  const outOfOrder = chance.pick(15)
  const deed = (least: number): Deed => ({
    set: Array.from({ length: chance.pick(3) }, () => least + chance.pick(60)),
    deleted: chance.chance(0.3) ? [least + chance.pick(60)] : [],
  })
  const ofRows = Array.from({ length: 5 }, () => deed(-25))
  // Ahead only, so that no pass goes on for ever.
  const ofTimers = Array.from({ length: 4 }, () => (chance.chance(0.5) ? deed(1) : none))
  const ofRow = (n: number): Deed => ofRows[n % ofRows.length]!
  const ofTimer = (time: number): Deed => ofTimers[Math.abs(time) % ofTimers.length]!
  const app = createApp({ id: 'property' })
  app
    .stream(source('in'))
    .eventTime((_v, _k, record) => record.timestamp, { outOfOrder: `${outOfOrder}ms` })
    .process<string, string>(
      () => {
        let ctx: Context
        const follow = ({ set, deleted }: Deed, time: number): void => {
          for (const after of set) ctx.timer(time + after)
          for (const after of deleted) ctx.deleteTimer(time + after, 'event')
        }
        return {
          open: (context) => void (ctx = context),
          process: (_key, { n }, { time }) => follow(ofRow(n), time),
          onTimer(key, time) {
            ctx.forward(key, 'fired')
            follow(ofTimer(time), time)
          },
        } satisfies Processor<string, Item, string, string>
      },
      { name: 'node', timers: true },
    )
    .to(sink('out'))
  const scene = new Scene(app, chance, options)
  let set: { readonly key: string; readonly time: number }[] = []
  const follow = (key: string, { set: added, deleted }: Deed, time: number): void => {
    for (const after of added)
      if (!set.some((timer) => timer.key === key && timer.time === time + after))
        set.push({ key, time: time + after })
    for (const after of deleted)
      set = set.filter((timer) => timer.key !== key || timer.time !== time + after)
  }
  let newest = -Infinity
  let near = 30
  const steps = 5 + chance.pick(20)
  for (let i = 0; i < steps; i++) {
    scene.mayCrash()
    const expected: string[] = []
    const rows = Array.from({ length: 1 + chance.pick(3) }, (_, at) => {
      near += chance.chance(0.1) ? chance.pick(100) : chance.pick(12)
      const time = Math.max(25, near - chance.pick(20))
      return { key: keys[chance.pick(keys.length)]!, n: 3 * i + at, time }
    })
    scene.rows(rows)
    for (const { key, n, time } of rows) {
      follow(key, ofRow(n), time)
      if (time <= newest) continue
      newest = time
      for (;;) {
        const [next] = set
          .filter((timer) => timer.time < newest - outOfOrder)
          .sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1))
        if (next === undefined) break
        set = set.filter((timer) => timer !== next)
        expected.push(`${next.key} fired@${next.time}`)
        follow(next.key, ofTimer(next.time), next.time)
      }
    }
    expect(scene.out, `step ${i}`).deep.equal(expected)
  }
  scene.end('node')
}

const none: Deed = { set: [], deleted: [] }

// ---- expiry

type Verb = 'get' | 'put' | 'delete' | 'all'
const verbs: readonly Verb[] = ['get', 'get', 'put', 'put', 'put', 'delete', 'all']

function ttl(seed: number, options: TestDriverOptions): void {
  const chance = chanceOf(seed)
  const clock = chance.chance(0.5) ? 'streamTime' : 'watermark'
  const outOfOrder = clock === 'watermark' ? chance.pick(20) : 0
  const by = chance.chance(0.7) ? 'event' : 'processing'
  const refresh = chance.chance(0.3) ? 'readWrite' : 'write'
  const afterMs = 1 + chance.pick(60)
  /** True: the value is an object that is changed in place. */
  const mutates = chance.chance(0.5)
  const spec = keyValueStore<string, { n: number }>('aging', {
    ordered: true,
    scope: 'task',
    ttl: { after: `${afterMs}ms`, by, refresh },
  })
  const app = createApp({ id: 'property', clock })
  app
    .stream(source('in'))
    .eventTime((_v, _k, record) => record.timestamp, { outOfOrder: `${outOfOrder}ms` })
    .process<string, string>(
      () => {
        let ctx: Context
        let store: KeyValueStore<string, { n: number }>
        return {
          open(context) {
            ctx = context
            store = ctx.store(spec)
          },
          process(key, { n, path }) {
            if (path === 'get') ctx.forward(key, String(store.get(key)?.n))
            if (path === 'delete') store.delete(key)
            if (path === 'all')
              ctx.forward(key, [...store.all()].map(([each, value]) => `${each}${value.n}`).join())
            if (path !== 'put') return
            const old = mutates ? store.get(key) : undefined
            if (old === undefined) store.put(key, { n })
            else {
              old.n = n
              store.put(key, old)
            }
          },
        } satisfies Processor<string, Item, string, string>
      },
      { name: 'node', stores: [spec] },
    )
    .to(sink('out'))
  const driver = new TestDriver(app, options)
  const input = driver.createInputTopic<string, Item>('in')
  const output = driver.createOutputTopic<string, string>('test:out')
  let rows: { readonly key: string; readonly n: number; readonly touched: number }[] = []
  let newest = -Infinity
  let near = 0
  let now = 0
  const steps = 5 + chance.pick(40)
  for (let i = 0; i < steps; i++) {
    if (chance.chance(0.15)) driver.crash()
    if (chance.chance(0.3)) {
      const ms = chance.pick(30)
      now += ms
      driver.advanceWallClockTime(ms)
    }
    near += chance.pick(15)
    const time = Math.max(0, near - chance.pick(25))
    const key = keys[chance.pick(keys.length)]!
    const path = verbs[chance.pick(verbs.length)]!
    input.pipeInput(key, { n: i, path }, time)

    const before = newest - outOfOrder
    newest = Math.max(newest, time)
    const written = by === 'processing' ? now : Math.max(before, time)
    const today = by === 'processing' ? now : clock === 'streamTime' ? newest : before
    rows = rows.filter((row) => row.touched + afterMs > today)
    const expected: string[] = []
    const read = (row: { key: string; n: number; touched: number }): typeof row =>
      refresh === 'write' ? row : { ...row, touched: Math.max(row.touched, written) }
    if (path === 'get') {
      rows = rows.map((row) => (row.key === key ? read(row) : row))
      expected.push(String(rows.find((row) => row.key === key)?.n))
    }
    if (path === 'all') {
      rows = rows.map(read)
      expected.push(
        [...rows]
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .map((row) => `${row.key}${row.n}`)
          .join(),
      )
    }
    if (path === 'put' || path === 'delete') {
      const old = rows.find((row) => row.key === key)
      rows = rows.filter((row) => row !== old)
      const touched = Math.max(old?.touched ?? -Infinity, written)
      if (path === 'put') rows.push({ key, n: i, touched })
    }
    expect(output.readValuesToList(), `step ${i}: ${path} ${key} at ${time}`).deep.equal(expected)
  }
  expect(driver.counters('node').conserved).equal(true)
  driver.close()
}

/** The same on any state. */
export function historiesOn(
  options: TestDriverOptions,
): Readonly<Record<string, (seed: number) => void>> {
  return {
    punctuation: (seed) => punctuation(seed, options),
    timers: (seed) => timers(seed, options),
    ttl: (seed) => ttl(seed, options),
  }
}

export const histories: Readonly<Record<string, (seed: number) => void>> = historiesOn({})
