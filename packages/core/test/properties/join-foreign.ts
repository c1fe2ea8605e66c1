/** Joins by foreign key against the table of their rules: one change after the other, whole tables searched for each. */
import { expect } from 'chai'
import { createApp, embedded, int32, json, string } from '@millrace/core'
import type { Sink } from '@millrace/core'
import { TestDriver, seededRandom } from '@millrace/core/testing'
import { partitionOf } from '../../src/hash.ts'
import { sink } from '../runtime/random-graph.ts'
import type { Histories } from './check.ts'

interface Left {
  readonly foreign: number | null
  readonly n: number
}
type Kind = 'join' | 'leftJoin'
interface Result {
  readonly key: string
  readonly value: string | null
  readonly timestamp: number
}
/** Several values of one left key are one input row: all but the newest are stale when their answers come. */
type Input =
  | { readonly left: string; readonly values: readonly (Left | null)[]; readonly time: number }
  | { readonly right: number; readonly value: string | null; readonly time: number }

const lefts = ['a', 'b', 'c', 'aa', 'é'] // in the order of their bytes: a, aa, b, c, é
const foreigns = [1, 2, -1] // as four bytes: 1, 2, -1

/** Every change by the table, over all rows there are. */
function expected(inputs: readonly Input[], kind: Kind): readonly Result[] {
  const left = new Map<string, Left>()
  const right = new Map<number, { value: string; time: number }>()
  const results: Result[] = []
  const text = (l: Left, r: string | null): string => `${l.foreign}:${l.n}+${r}`
  for (const input of inputs) {
    if ('right' in input) {
      if (input.value === null) right.delete(input.right)
      else right.set(input.right, { value: input.value, time: input.time })
      const subscribers = [...left].filter(([, row]) => row.foreign === input.right)
      subscribers.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const [key, row] of subscribers) {
        const nothing = input.value === null && kind === 'join'
        results.push({
          key,
          value: nothing ? null : text(row, input.value),
          timestamp: input.time,
        })
      }
      continue
    }
    const { left: key, values, time } = input
    const answers: { of: Left | null; value: string | null; timestamp: number }[] = []
    for (const value of values) {
      const old = left.get(key)
      if (value === null) left.delete(key)
      else left.set(key, value)
      const before = old?.foreign ?? null
      const after = value?.foreign ?? null
      const row = after === null ? undefined : right.get(after)
      const joins = Math.max(time, row?.time ?? time)
      if (value !== null && row !== undefined) {
        answers.push({ of: value, value: text(value, row.value), timestamp: joins })
      } else if (kind === 'leftJoin') {
        if (value !== null || old !== undefined)
          answers.push({ of: value, value: value && text(value, null), timestamp: time })
      } else if (after === null) {
        const gone = before === null ? undefined : right.get(before)
        if (before !== null)
          answers.push({ of: value, value: null, timestamp: Math.max(time, gone?.time ?? time) })
      } else if (before !== null && before !== after) {
        answers.push({ of: value, value: null, timestamp: time })
      }
    }
    const now = JSON.stringify(left.get(key) ?? null)
    for (const { of, value, timestamp } of answers)
      if (JSON.stringify(of) === now) results.push({ key, value, timestamp })
  }
  return results
}

function randomInputs(random: () => number, bursts: boolean): readonly Input[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const left = (): Left | null =>
    random() < 0.2
      ? null
      : {
          foreign: random() < 0.15 ? null : pick(foreigns),
          n: Math.floor(random() * 3),
        }
  return Array.from({ length: 5 + Math.floor(random() * 40) }, (): Input => {
    const time = Math.floor(random() * 100)
    if (random() < 0.4)
      return {
        right: pick(foreigns),
        value: random() < 0.25 ? null : pick(['x', 'y', 'z']),
        time,
      }
    const values = Array.from({ length: bursts ? 1 + Math.floor(random() * 2.5) : 1 }, left)
    return { left: pick(lefts), values, time }
  })
}

function history(seed: number, kind: Kind): void {
  const random = seededRandom(seed)
  const partitions = 1 + Math.floor(random() * 3)
  const inputs = randomInputs(random, partitions === 1)
  const app = createApp({ id: 'foreign', clock: random() < 0.5 ? 'watermark' : 'streamTime' })
  const left = app
    .stream(embedded('left', { key: string(), value: json<(Left | null)[]>() }))
    .flatMapValues((values) => values as Left[])
    .toTable({ value: json<Left>() })
  const right = app.table(embedded('right', { key: int32(), value: string() }))
  const out: Sink<string | null> = sink('out')
  const foreignKey = ({ foreign }: Left): number | null => foreign
  const join = (l: Left, r: string | null): string => `${l.foreign}:${l.n}+${r}`
  const joined =
    kind === 'join'
      ? left.joinForeign(right, foreignKey, join)
      : left.leftJoinForeign(right, foreignKey, join)
  joined.toStream({ tombstones: true }).to(out)
  const driver = new TestDriver(app, {
    partitions,
    seed,
    // The budget of a drain shows in no result.
    ...(seed % 3 === 0 ? { drainRows: 1 + (seed % 7) } : {}),
  })
  const leftIn = driver.createInputTopic<string, readonly (Left | null)[]>('left')
  const rightIn = driver.createInputTopic<number, string | null>('right')
  const results: Result[] = []
  const output = driver.createOutputTopic<string, string | null>(out)
  for (const input of inputs) {
    if ('right' in input) {
      const partition = partitionOf(int32().encode(input.right), partitions)
      rightIn.pipeInput(input.right, input.value, input.time, partition)
    } else {
      const partition = partitionOf(string().encode(input.left), partitions)
      leftIn.pipeInput(input.left, input.values, input.time, partition)
    }
    if (random() < 0.2) driver.crash()
    for (const { key, value, timestamp } of output.readRecordsToList())
      results.push({ key, value, timestamp })
  }
  const oracle = expected(inputs, kind)
  // Answers of several partitions come in any order; those of one key in theirs.
  if (partitions === 1) expect(results).deep.equal(oracle)
  for (const key of lefts)
    expect(results.filter((row) => row.key === key)).deep.equal(
      oracle.filter((row) => row.key === key),
    )
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
}

export const histories: Histories = {
  'join-foreign-inner': (seed) => history(seed, 'join'),
  'join-foreign-left': (seed) => history(seed, 'leftJoin'),
}
