// What queries read of a state: the newest rows and the committed ones, against a model of both, over random histories.
import { expect } from 'chai'
import { levelForTests, seededRandom } from '@millrace/core/testing'
import { keyCodec } from '../../src/serde/key-codec.ts'
import { msgpack } from '../../src/serde/msgpack.ts'
import { compareBytes } from '../../src/state/byte-order.ts'
import { keyValueStore } from '../../src/state/key-value.ts'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import { undecidedMax } from '../../src/state/state.ts'
import type { TaskState } from '../../src/state/state.ts'
import type { StoredRow, StoredRows } from '../../src/state/stored-rows.ts'
import { tempDir } from '../log/temp-dir.ts'

type Model = Map<string, number>

const keys = keyCodec<string>()
const values = msgpack<{ n: number }>()
const keyOf = (i: number): string => `k${i}`

function inOrder(model: Model, from?: string, to?: string, reverse = false): unknown[] {
  const rows = [...model].map(([key, n]) => ({ bytes: keys.encode(key), pair: [key, n] }))
  const [low, high] = [from, to].map((key) => (key === undefined ? undefined : keys.encode(key)))
  const found = rows
    .filter(({ bytes }) => low === undefined || compareBytes(bytes, low) >= 0)
    .filter(({ bytes }) => high === undefined || compareBytes(bytes, high) < 0)
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ pair }) => pair)
  return reverse ? found.reverse() : found
}

const shown = ({ key, value }: StoredRow): unknown => [keys.decode(key), values.decode(value).n]

async function read(rows: ReturnType<StoredRows['between']>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const row of rows) found.push(shown(row))
  return found
}

async function history(state: TaskState, seed: number, ordered: boolean): Promise<void> {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const store = state.open(keyValueStore<string, { n: number }>('rows', { ordered }))
  const newest: Model = new Map()
  let committed: Model = new Map()
  const undecided: Model[] = []
  const writing: Promise<void>[] = []
  const check = async (): Promise<void> => {
    for (const [of, model] of [
      ['newest', newest],
      ['committed', committed],
    ] as const) {
      const at = `seed ${seed}, ${of}`
      const rows = state.rows('rows', of)
      for (let i = 0; i < 30; i++) {
        const bytes = rows.get(keys.encode(keyOf(i)))
        const n = bytes === undefined ? undefined : values.decode(bytes).n
        expect(n, `${at}, ${keyOf(i)}`).equal(model.get(keyOf(i)))
      }
      const [from, to] = [keyOf(pick(30)), keyOf(pick(30))]
      const reverse = random() < 0.5
      const [low, high] = [keys.encode(from), keys.encode(to)]
      expect(await read(rows.between(undefined, undefined, reverse)), at).deep.equal(
        inOrder(model, undefined, undefined, reverse),
      )
      expect(await read(rows.between(low, high, reverse)), `${at}, ${from} to ${to}`).deep.equal(
        inOrder(model, from, to, reverse),
      )
    }
  }
  for (let step = 0; step < 120; step++) {
    const key = keyOf(pick(30))
    switch (pick(8)) {
      case 0:
        store.delete(key)
        newest.delete(key)
        break
      case 1: {
        const value = store.get(key) // changed in place, while a delta may hold it
        if (value === undefined) break
        value.n++
        store.put(key, value)
        newest.set(key, value.n)
        break
      }
      case 2:
        if (undecided.length === undecidedMax) break
        state.freeze()
        undecided.push(new Map(newest))
        break
      case 3:
        if (undecided.length === 0) break
        state.decided()
        committed = undecided.shift()!
        break
      case 4:
        writing.push(state.apply()) // goes on while there are reads
        break
      case 5:
        await check()
        break
      default:
        store.put(key, { n: step })
        newest.set(key, step)
    }
  }
  await Promise.all(writing)
  await check()
}

describe('stored rows', function () {
  this.timeout(30_000)

  for (const ordered of [false, true]) {
    it(`are what was put and what is committed, in memory (ordered: ${ordered})`, async () => {
      for (let seed = 1; seed <= 60; seed++)
        await history(new MemoryTaskState({ queries: true }), seed, ordered)
    })

    it(`are what was put and what is committed, on disk (ordered: ${ordered})`, async () => {
      const temp = await tempDir()
      const pool = await levelForTests(temp.dir, { cacheEntries: 3 })
      for (let seed = 1; seed <= 60; seed++) await history(pool.open(`${seed}`), seed, ordered)
      await pool.close()
      await temp.remove()
    })
  }

  it('show what was restored, as committed, too', async () => {
    const state = new MemoryTaskState({ queries: true })
    state.open(keyValueStore<string, { n: number }>('rows'))
    const ops = [{ key: keys.encode('a'), value: values.encode({ n: 1 }) }]
    state.restore('rows', ops.values())
    for (const of of ['newest', 'committed'] as const)
      expect(await read(state.rows('rows', of).between(undefined, undefined, false))).deep.equal([
        ['a', 1],
      ])
  })

  it('change neither what a delta holds nor what the processor has', () => {
    const state = new MemoryTaskState()
    const store = state.open(keyValueStore<string, { n: number }>('rows'))
    store.put('a', { n: 1 })
    const [delta] = state.freeze()
    const bytes = state.rows('rows', 'newest').get(keys.encode('a'))!
    bytes.fill(0)
    store.get('a')!.n = 2
    expect(values.decode(delta!.ops[0]!.value!)).deep.equal({ n: 1 })
    expect(values.decode(state.rows('rows', 'newest').get(keys.encode('a'))!)).deep.equal({ n: 2 })
  })

  it('are not there when the task is closed', async () => {
    const temp = await tempDir()
    const pool = await levelForTests(temp.dir)
    for (const state of [new MemoryTaskState({ queries: true }), pool.open('0')]) {
      state.open(keyValueStore('rows'))
      await state.close()
      expect(() => state.rows('rows', 'newest').get(keys.encode('a'))).throws(/its task is closed/)
    }
    await pool.close()
    await temp.remove()
  })
})
