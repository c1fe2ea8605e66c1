/**
 * A pipeline with a merge, an asynchronous step, a fan-out and dead letters, shaken by twenty seeds: it must show what a plain loop
 * over the same rows shows, each row once, in order per key, whatever crashes.
 */
import { expect } from 'chai'
import { createApp, memory } from '@millrace/core'
import type { App, Sink, Source } from '@millrace/core'
import { MemoryLog, memoryTopic, seededRandom, shake } from '@millrace/core/testing'
import type { TestRow } from '@millrace/core/testing'

interface Payment {
  readonly id: number
  readonly amount: number
}

const seeds = Array.from({ length: 20 }, (_, i) => i + 1)
const seed = process.env['MILLRACE_SEED']

describe('a pipeline that is shaken', () => {
  for (const n of seed === undefined ? seeds : [Number(seed)]) {
    it(`shows with seed ${n} what a plain loop over its rows shows`, async () => {
      const inputs = payments(n)
      const { app, alerts, dead } = pipeline()
      const run = await shake(app, { seed: n, inputs, crash: 0.2 })
      const shown = run.outputs.get(`test:${alerts.target}`)!.map(({ key, value }) => [key, value])
      const expected = byHand(inputs)
      for (const key of new Set(expected.alerts.map(([k]) => k))) {
        expect(
          shown.filter(([k]) => k === key),
          `key ${String(key)}`,
        ).deep.equal(expected.alerts.filter(([k]) => k === key))
      }
      expect(shown).length(expected.alerts.length)
      expect(run.outputs.get(`dead-letter:test:${dead.target}`)).length(expected.dead)
      expect(run.conserved, 'law 1').equal(true)
    })
  }
})

function pipeline(): { app: App; alerts: Sink<string>; dead: Sink<unknown> } {
  const log = new MemoryLog()
  const decoder = { name: 'as it is', decode: (value: unknown) => value as Payment }
  const source = (topic: string): Source<string, Payment> =>
    memoryTopic<string, Payment>(log, topic, {
      key: { name: 'as it is', decode: (key: unknown) => key as string },
      value: decoder,
    })
  const alerts = sink<string>('alerts')
  const dead = sink<unknown>('dead')
  const app = createApp({ id: 'shaken', checkpoint: memory(), onError: { deadLetter: dead } })
  app
    .stream(source('cards'))
    .merge(app.stream(source('transfers')))
    .mapValuesAsync(async (p) => {
      await Promise.resolve()
      if (p.amount === 13) throw new Error('no rate for 13')
      return { id: p.id, cents: p.amount * 100 }
    })
    .flatMapValues((p) => (p.cents > 5_000 ? [`risky ${p.id}`, `block ${p.id}`] : [`fine ${p.id}`]))
    .to(alerts)
  return { app, alerts, dead }
}

/** The same, written down without the engine. Order holds per key within a topic. */
function byHand(inputs: ReadonlyMap<string, readonly TestRow[]>): {
  alerts: (readonly [unknown, string])[]
  dead: number
} {
  const alerts: (readonly [unknown, string])[] = []
  let dead = 0
  for (const rows of inputs.values()) {
    for (const { key, value } of rows) {
      const { id, amount } = value as Payment
      if (amount === 13) dead++
      else if (amount > 50) alerts.push([key, `risky ${id}`], [key, `block ${id}`])
      else alerts.push([key, `fine ${id}`])
    }
  }
  return { alerts, dead }
}

function payments(n: number): ReadonlyMap<string, readonly TestRow[]> {
  const random = seededRandom(n * 31)
  const rows = (topic: string): readonly TestRow[] =>
    Array.from({ length: 40 }, (_, i) => ({
      key: `${topic}-${Math.floor(random() * 3)}`,
      value: { id: i, amount: Math.floor(random() * 100) },
      timestamp: i,
    }))
  return new Map([
    ['cards', rows('cards')],
    ['transfers', rows('transfers')],
  ])
}

function sink<V>(target: string): Sink<V> {
  return Object.freeze({
    kind: 'millrace.sink',
    type: 'test',
    target,
    decides: 'log',
    open: () => Promise.reject(new Error('a shaken sink is never opened')),
  })
}
