import { expect } from 'chai'
import fc from 'fast-check'
import { partKeys, Subscribers } from '../../../src/processors/foreign/subscribers.ts'
import type { FirstPart, Part, PartKey } from '../../../src/processors/foreign/subscribers.ts'
import { string } from '../../../src/serde/string.ts'
import { engineStore } from '../../../src/state/key-value.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'

const firsts = engineStore<unknown, FirstPart>('s', { key: string() as never })
const parts = engineStore<PartKey, Part>('s/more', { key: partKeys })

interface Opened {
  readonly state: MemoryTaskState
  readonly subscribers: Subscribers
}

function open(): Opened {
  const state = new MemoryTaskState()
  const stores = [state.open(firsts), state.open(parts)] as const
  return { state, subscribers: new Subscribers(...stores, string() as never, 4) }
}

/** A new task from what the old one froze. */
function restored({ state }: Opened, log: Map<string, Map<string, Uint8Array | null>>): Opened {
  for (const delta of state.freeze()) {
    const rows = log.get(delta.store) ?? new Map<string, Uint8Array | null>()
    log.set(delta.store, rows)
    for (const { key, value } of delta.ops)
      rows.set(Buffer.from(key).toString('hex'), value && value.slice())
  }
  const next = open()
  for (const [store, rows] of log)
    next.state.restore(
      store,
      [...rows].map(([key, value]) => ({ key: new Uint8Array(Buffer.from(key, 'hex')), value })),
    )
  return next
}

function listOf(subscribers: Subscribers, foreign: string): readonly (readonly [string, number])[] {
  const all: (readonly [string, number])[] = []
  for (let last: Uint8Array | undefined; ;) {
    const page = subscribers.behind(foreign, last)
    if (page === undefined) return all
    for (let i = page.from; i < page.part.keys.length; i++) {
      last = page.part.keys[i]!
      all.push([Buffer.from(last).toString(), page.part.hashes[i]![0]!])
    }
  }
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

describe('the subscribers of a foreign key', () => {
  it('are a sorted list, whatever came and went, in parts of a bounded size', () => {
    const act = fc.record({
      foreign: fc.constantFrom('x', 'y'),
      key: fc.nat(40).map((n) => `k${n}`),
      hash: fc.option(fc.nat(255), { nil: undefined }),
      restore: fc.nat(9).map((n) => n === 0),
    })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const model = new Map<string, Map<string, number>>([
          ['x', new Map()],
          ['y', new Map()],
        ])
        const log = new Map<string, Map<string, Uint8Array | null>>()
        let opened = open()
        for (const { foreign, key, hash, restore } of acts) {
          if (hash === undefined) {
            opened.subscribers.remove(foreign, bytesOf(key))
            model.get(foreign)!.delete(key)
          } else {
            opened.subscribers.put(foreign, bytesOf(key), new Uint8Array([hash]))
            model.get(foreign)!.set(key, hash)
          }
          if (restore) opened = restored(opened, log)
        }
        for (const [foreign, rows] of model) {
          const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
          expect(listOf(opened.subscribers, foreign)).deep.equal(sorted)
        }
      }),
    )
  })

  it('leave nothing behind when the last of them has gone', () => {
    const { state, subscribers } = open()
    const keys = Array.from({ length: 100 }, (_, i) => bytesOf(`k${String(i).padStart(3, '0')}`))
    for (const key of keys) subscribers.put('x', key, new Uint8Array([1]))
    for (const key of keys) subscribers.remove('x', key)
    const kept = state.freeze().flatMap(({ ops }) => ops.filter(({ value }) => value !== null))
    expect(kept).to.have.length(0)
    expect(subscribers.behind('x', undefined)).to.equal(undefined)
  })

  it('are found behind a key that is none of them', () => {
    const { subscribers } = open()
    for (const key of ['a', 'c', 'e']) subscribers.put('x', bytesOf(key), new Uint8Array([1]))
    const page = subscribers.behind('x', bytesOf('b'))!
    expect(Buffer.from(page.part.keys[page.from]!).toString()).to.equal('c')
  })
})
