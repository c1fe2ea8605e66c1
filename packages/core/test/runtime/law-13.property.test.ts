/**
 * Laws 2, 3, 12 and 13 over random graphs: what a pipeline shows does not depend on how its input was fetched, on when its calls
 * came back, or on crashes; and a step in `ordered` mode shows what a synchronous one would.
 */
import { expect } from 'chai'
import { json } from '@millrace/core'
import { seededRandom, shake } from '@millrace/core/testing'
import type { Shaken } from '@millrace/core/testing'
import { randomGraph } from './random-graph.ts'
import type { Item } from './random-graph.ts'
import type { TestRow } from '@millrace/core/testing'

const seeds = Array.from({ length: Number(process.env.MILLRACE_SEEDS ?? 150) }, (_, i) => i + 1)
const only = process.env.MILLRACE_SEED === undefined ? seeds : [Number(process.env.MILLRACE_SEED)]

describe('a pipeline shows the same', () => {
  it('whether its batches hold one row, many, or any number', async () => {
    for (const seed of only) {
      const { inputs } = inputsOf(seed)
      const one = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed,
        batchRows: 1,
      })
      const all = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed: seed + 1_000,
        batchRows: 1_000,
      })
      const any = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed: seed + 2_000,
      })
      same(seed, shown(one), shown(all))
      same(seed, shown(one), shown(any))
      expect(one.conserved && all.conserved && any.conserved, `seed ${seed}: law 1`).equal(true)
    }
  }).timeout(60_000)

  it('with ordered asynchronous steps as with synchronous ones', async () => {
    for (const seed of only) {
      const { inputs } = inputsOf(seed)
      const waiting = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed,
      })
      const synchronous = await shake(randomGraph(seed, { async: false, state: true }).app, {
        inputs,
        seed,
      })
      same(seed, shown(waiting), shown(synchronous))
    }
  }).timeout(60_000)

  it('when it crashes between any two steps and goes on from its last commit', async () => {
    let crashes = 0
    for (const seed of only) {
      const { inputs } = inputsOf(seed)
      const straight = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed,
      })
      const crashing = await shake(randomGraph(seed, { async: true, state: true }).app, {
        inputs,
        seed: seed + 3_000,
        crash: 0.1,
      })
      same(seed, shown(straight), shown(crashing))
      crashes += crashing.crashes
    }
    expect(crashes).greaterThan(only.length)
  }).timeout(60_000)

  it('in every mode up to the order that the mode gives up, crashes included', async () => {
    for (const seed of only) {
      const { inputs } = inputsOf(seed)
      const app = randomGraph(seed, { async: false }).app
      const synchronous = sorted(shown(await shake(app, { inputs, seed })))
      for (const mode of ['perKey', 'unordered'] as const) {
        const waiting = randomGraph(seed, { async: true, mode }).app
        const run = await shake(waiting, { inputs, seed: seed + 4_000, crash: 0.1 })
        same(seed, sorted(shown(run)), synchronous)
        expect(run.conserved, `seed ${seed}: law 1`).equal(true)
      }
    }
  }).timeout(60_000)
})

function inputsOf(seed: number): { readonly inputs: ReadonlyMap<string, readonly TestRow[]> } {
  const random = seededRandom(seed * 7919)
  const { topics } = randomGraph(seed, { async: true })
  const serde = json<Item>()
  return {
    inputs: new Map(
      topics.map((topic) => {
        let time = 0
        return [
          topic,
          Array.from({ length: 10 + Math.floor(random() * 30) }, (_, i) => {
            time = Math.max(0, time + Math.floor(random() * 8) - 2)
            const value =
              random() < 0.05
                ? new TextEncoder().encode('{"n":')
                : serde.encode({ n: Math.floor(random() * 200), path: `${topic}#${i}` })
            return { key: `k${i % 4}`, value, timestamp: time }
          }),
        ] as const
      }),
    ),
  }
}

function shown(run: Shaken): Record<string, readonly unknown[]> {
  return Object.fromEntries(
    [...run.outputs].map(([sink, rows]) => [
      sink,
      rows.map(({ key, value, timestamp }) => [key, summary(value), timestamp]),
    ]),
  )
}

/** Rows of each sink in an order of their own, to compare what came and not when. */
function sorted(rows: Record<string, readonly unknown[]>): Record<string, unknown> {
  const text = (row: unknown): string => JSON.stringify(row)
  return Object.fromEntries(
    Object.entries(rows).map(([sink, all]) => [sink, all.map(text).toSorted()]),
  )
}

function summary(value: unknown): unknown {
  const { path, n, position, node } = value as Partial<Item> & { position?: string; node?: string }
  return path === undefined
    ? `${/mapValues|slow/.test(node!) ? 'a step' : node}@${position}`
    : `${path}=${n}`
}

function same(seed: number, a: Record<string, unknown>, b: Record<string, unknown>): void {
  expect(
    a,
    `seed ${seed}: MILLRACE_SEED=${seed} npm test -- --grep "a pipeline shows the same"`,
  ).deep.equal(b)
}
