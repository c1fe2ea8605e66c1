import { expect } from 'chai'
import { msgpack, string } from '@millrace/core'
import type { Serde } from '@millrace/core'
import { seededRandom } from '@millrace/core/testing'
import { entryStores } from '../../../src/processors/windows/entry-stores.ts'
import type { EntryForm } from '../../../src/processors/windows/entry-stores.ts'
import { KeyedEntries } from '../../../src/processors/windows/keyed-entries.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'
import type { StoreOp } from '../../../src/state/state.ts'

interface Item {
  readonly at: number
  readonly aggregate: unknown
}

const form: EntryForm<Item> = {
  name: 'items',
  times: 1,
  write: ({ at }, view, offset) => view.setFloat64(offset, at),
  read: (view, offset, aggregate) => ({ at: view.getFloat64(offset), aggregate }),
}

function opened() {
  const specs = entryStores('items', form, string() as Serde<unknown>, msgpack())
  const state = new MemoryTaskState()
  const heads = state.open(specs.store)
  const parts = state.open(specs.parts)
  return { state, entries: new KeyedEntries(heads, parts), heads }
}

function all(entries: KeyedEntries<Item>, key: string): number[] {
  if (!entries.select(key)) return []
  const found: number[] = []
  for (let item = entries.ceiling(-Infinity); item !== undefined; item = entries.next())
    found.push(item.at)
  return found
}

describe('the entries of a key', () => {
  it('are a sorted list, however many there are, behind commits and restores, too', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = seededRandom(seed)
      const pick = (n: number): number => Math.floor(random() * n)
      const restored = new Map<string, Map<string, StoreOp>>()
      let { state, entries } = opened()
      const wanted = new Map<string, Set<number>>([
        ['a', new Set()],
        ['b', new Set()],
      ])
      for (let step = 0; step < 2_000; step++) {
        const key = pick(4) === 0 ? 'b' : 'a'
        const own = wanted.get(key)!
        // Grows, then shrinks, and mostly in order.
        const removes = pick(1_000) < (step < 1_000 ? 100 : 800)
        const at = pick(3) === 0 ? pick(3_000) : removes ? Math.min(...own) + 0 || 0 : 3_000 + step
        expect(entries.select(key)).equal(own.size > 0)
        if (removes) {
          if (Number.isFinite(at)) entries.remove(at)
          own.delete(at)
        } else if (!entries.replace(at, { at, aggregate: step })) {
          entries.insert({ at, aggregate: step })
          own.add(at)
        }
        const probe = pick(5_000)
        entries.select(key)
        const sorted = [...own].sort((x, y) => x - y)
        expect(entries.first?.at).equal(sorted[0])
        const above = sorted.filter((one) => one >= probe)
        const below = sorted.filter((one) => one <= probe)
        expect(entries.ceiling(probe)?.at).equal(above[0])
        if (above.length > 0) expect(entries.next()?.at).equal(above[1])
        expect(entries.floor(probe)?.at).equal(below.at(-1))
        if (below.length > 0) expect(entries.previous()?.at).equal(below.at(-2))
        expect(entries.find(probe)?.at).equal(own.has(probe) ? probe : undefined)
        if (pick(20) > 0) continue
        for (const { store, ops } of state.freeze()) {
          const rows = restored.get(store) ?? new Map<string, StoreOp>()
          restored.set(store, rows)
          for (const op of ops) {
            const text = [...op.key].join()
            if (op.value === null) rows.delete(text)
            else rows.set(text, { key: op.key.slice(), value: op.value.slice() })
          }
        }
        state.decided()
        if (pick(3) > 0) continue
        ;({ state, entries } = opened())
        for (const [store, rows] of restored) state.restore(store, rows.values())
      }
      for (const [key, own] of wanted)
        expect(all(entries, key)).deep.equal([...own].sort((x, y) => x - y))
    }
  }).timeout(60_000)

  it('leave nothing behind when the last one goes', () => {
    const { state, entries } = opened()
    entries.select('a')
    for (let at = 0; at < 1_000; at++) entries.insert({ at, aggregate: at })
    for (let at = 0; at < 1_000; at++) {
      entries.select('a')
      entries.remove((at * 7) % 1_000)
    }
    expect(entries.select('a')).equal(false)
    const left = state.freeze().flatMap(({ ops }) => ops.filter(({ value }) => value !== null))
    expect(left).deep.equal([])
  })

  it('are put in parts of bounded size: a row of a key with very many touches few of them', () => {
    const { state, entries } = opened()
    entries.select('a')
    for (let at = 0; at < 10_000; at++) entries.insert({ at, aggregate: at })
    state.freeze()
    state.decided()
    entries.select('a')
    entries.replace(5_000, { at: 5_000, aggregate: 'x' })
    const [delta, ...others] = state.freeze()
    expect(others).deep.equal([])
    expect(delta!.size).equal(1)
    expect(delta!.ops[0]!.value!.length).lessThan(4_000)
  })
})
