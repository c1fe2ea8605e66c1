import { expect } from 'chai'
import { createApp } from '@millrace/core'
import { keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, TtlOptions } from '@millrace/core/operator'
import { TestDriver } from '@millrace/core/testing'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import { fold } from '../../src/checkpoint/fold.ts'
import type { FoldedState } from '../../src/checkpoint/fold.ts'
import { opsOf } from '../../src/checkpoint/fold.ts'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

/** A store with its clocks in the hands of the test. */
class Aging {
  readonly clocks = { event: -Infinity, write: -Infinity, wall: 0 }
  readonly #ttl: TtlOptions
  readonly #folded: FoldedState = new Map()
  #state!: MemoryTaskState
  store!: KeyValueStore<string, unknown>

  constructor(ttl: TtlOptions) {
    this.#ttl = ttl
    this.#open()
  }

  /** All three clocks at once. */
  at(time: number): this {
    Object.assign(this.clocks, { event: time, write: time, wall: time })
    return this
  }

  commit(): void {
    fold(this.#folded, this.#state.freeze())
    this.#state.decided()
  }

  crash(): void {
    this.#open()
    for (const [name, rows] of this.#folded) this.#state.restore(name, opsOf(rows))
  }

  /** Rows in the state, those of the due store included. */
  get rows(): number {
    this.commit()
    let rows = 0
    for (const store of this.#folded.values()) rows += store.size
    return rows
  }

  #open(): void {
    this.#state = new MemoryTaskState()
    const spec = keyValueStore<string, unknown>('aging', { ordered: true, ttl: this.#ttl })
    this.store = this.#state.open(spec, {
      eventTime: () => this.clocks.event,
      writeTime: () => this.clocks.write,
      now: () => this.clocks.wall,
    })
  }
}

for (const by of ['event', 'processing'] as const)
  describe(`a store whose rows expire by ${by} time`, () => {
    it('has a row for so long and not longer', () => {
      const { store } = inHand({ after: '10ms', by })
      const aging = inHand({ after: '10ms', by })
      aging.at(100).store.put('a', 1)
      aging.at(109)
      expect(aging.store.get('a')).equal(1)
      aging.at(110)
      expect(aging.store.get('a')).equal(undefined)
      expect(store.get('a')).equal(undefined)
    })

    it('counts anew from each write, and from each read if that is asked for', () => {
      for (const [refresh, alive] of [
        ['write', undefined],
        ['readWrite', 2],
      ] as const) {
        const aging = inHand({ after: '10ms', by, refresh })
        aging.at(100).store.put('a', 1)
        aging.at(109).store.put('a', 2)
        expect(aging.at(118).store.get('a')).equal(2)
        expect(aging.at(127).store.get('a')).equal(alive)
      }
    })

    it('shows what lives to ordered reads, and counts only that for a limit', () => {
      const aging = inHand({ after: '10ms', by })
      for (const [time, key] of [
        [100, 'a'],
        [106, 'b'],
        [101, 'c'],
        [107, 'd'],
        [108, 'e'],
      ] as const)
        aging.at(time).store.put(key, key)
      aging.at(112)
      expect([...aging.store.all({ limit: 2 })]).deep.equal([
        ['b', 'b'],
        ['d', 'd'],
      ])
      expect(
        [...aging.store.range('c', undefined, { reverse: true })].map(([key]) => key),
      ).deep.equal(['e', 'd'])
      expect([...aging.store.all({ limit: 0 })]).deep.equal([])
    })

    it('deletes what has expired, a few per access', () => {
      const aging = inHand({ after: '10ms', by })
      aging.at(100)
      for (let i = 0; i < 100; i++) aging.store.put(`k${i}`, i)
      expect(aging.rows).equal(200)
      aging.at(1_000)
      for (let i = 0; i < 50; i++) aging.store.get('nothing')
      expect(aging.rows).equal(0)
    })

    it('keeps one due entry for a key, however often it is written, and none for one that is deleted', () => {
      const aging = inHand({ after: '10ms', by })
      for (let time = 0; time < 1_000; time++) aging.at(time).store.put('hot', time)
      expect(aging.rows).equal(2)
      expect(aging.store.get('hot')).equal(999)
      aging.store.delete('hot')
      expect(aging.rows).equal(0)
      for (let time = 1_000; time < 1_100; time++) {
        aging.at(time).store.put('k', time)
        aging.store.delete('k')
      }
      expect(aging.rows).equal(0)
    })

    it('is the same behind a restore, and what has expired does not come back', () => {
      const aging = inHand({ after: '10ms', by })
      aging.at(100).store.put('old', { n: 1 })
      aging.at(105).store.put('young', { n: 2 })
      aging.commit()
      aging.crash()
      aging.at(112)
      expect(aging.store.get('old')).equal(undefined)
      expect(aging.store.get('young')).deep.equal({ n: 2 })
      aging.commit()
      aging.crash()
      expect(aging.at(100).store.get('old')).equal(undefined)
    })
  })

describe('a store whose rows expire', () => {
  it('by event time does not look at the wall clock, nor the other way round', () => {
    const byEvent = inHand({ after: '10ms', by: 'event' })
    byEvent.at(100).store.put('a', 1)
    byEvent.clocks.wall = 1e9
    expect(byEvent.store.get('a')).equal(1)
    const byWall = inHand({ after: '10ms', by: 'processing' })
    byWall.at(100).store.put('a', 1)
    byWall.clocks.event = byWall.clocks.write = 1e9
    expect(byWall.store.get('a')).equal(1)
  })

  it('does not let an older row make a younger one older', () => {
    const aging = inHand({ after: '10ms', by: 'event' })
    aging.clocks.write = 100
    aging.store.put('a', 1)
    aging.clocks.write = 50
    aging.store.put('a', 2)
    aging.clocks.event = 109
    expect(aging.store.get('a')).equal(2)
  })

  it('keeps what was written before there was any event time', () => {
    const aging = inHand({ after: '10ms', by: 'event' })
    aging.store.put('a', 1)
    expect(aging.at(1e12).store.get('a')).equal(1)
    aging.store.put('a', 2)
    expect(aging.at(1e12 + 10).store.get('a')).equal(undefined)
  })

  it('refuses what every store refuses', () => {
    const aging = inHand({ after: '10ms', by: 'event' }).at(1)
    expect(() => aging.store.put('a', undefined)).throws('undefined was put into the store aging')
    expect(() => aging.store.put(NaN as never, 1)).throws()
    expect(aging.rows).equal(0)
    expect(() => keyValueStore('s', { ttl: { after: '0ms', by: 'event' } })).throws(/at least/)
    const unordered = keyValueStore('s', { ttl: { after: '1ms', by: 'event' } })
    const clocks = { eventTime: () => 0, writeTime: () => 0, now: () => 0 }
    expect(() => new MemoryTaskState().open(unordered, clocks).all()).throws(/not ordered/)
  })

  it('is found again under its clock only', () => {
    const facts = (ttl?: TtlOptions): string =>
      keyValueStore('s', ttl === undefined ? {} : { ttl }).facts
    expect(facts()).equal('key-value key=key value=msgpack')
    expect(facts({ after: '1h', by: 'event' })).equal(
      'key-value key=key value=msgpack ttl by event time',
    )
    expect(facts({ after: '2h', by: 'event' })).equal(facts({ after: '1h', by: 'event' }))
  })

  it('drops duplicates for as long as it is told, by event time, across crashes', () => {
    const seen = keyValueStore<string, true>('seen', { ttl: { after: '100ms', by: 'event' } })
    const app = createApp({ id: 'dedup' })
    app
      .stream(source('in'))
      .eventTime((_v, _k, record) => record.timestamp, { outOfOrder: '20ms' })
      .processValues<Item>(
        () => {
          let store: KeyValueStore<string, true>
          let forward: (key: string, value: Item) => void
          return {
            open(ctx) {
              store = ctx.store(seen)
              forward = (key, value) => ctx.forward(key, value)
            },
            process(key, value) {
              if (store.get(key) === true) return
              store.put(key, true)
              forward(key, value)
            },
          }
        },
        { stores: [seen] },
      )
      .to(sink('out'))
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    for (const [key, time] of [
      ['a', 1_000],
      ['a', 1_050],
      ['b', 1_119],
      ['a', 1_110],
      ['b', 1_121],
      ['a', 1_122],
    ] as const) {
      input.pipeInput(key, { n: time, path: '' }, time)
      driver.crash()
    }
    const out = driver.createOutputTopic<string, Item>('test:out').readValuesToList()
    expect(out.map(({ n }) => n)).deep.equal([1_000, 1_119, 1_122])
  })
})

function inHand(ttl: TtlOptions): Aging {
  return new Aging(ttl)
}
