import { expect } from 'chai'
import { partBytesMax, partRowsMax } from '../../../src/processors/joins/key-rows.ts'
import { FoundRows, SideRows } from '../../../src/processors/joins/side-rows.ts'
import { sideStores } from '../../../src/processors/joins/stores.ts'
import { bytes } from '../../../src/serde/bytes.ts'
import { string } from '../../../src/serde/string.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'
import type { StoreOp } from '../../../src/state/state.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'

const key = string()
const specs = sideStores({
  name: 'join/left',
  key: key as never,
  value: bytes() as never,
  waits: false,
  streamTime: false,
})

/** The rows of a side in a state that can be frozen, and restored into another one. */
class Subject {
  #state = new MemoryTaskState()
  readonly #checkpoint = new Map<string, Map<string, StoreOp>>()
  rows = this.#open()

  #open(): SideRows {
    const open = this.#state.open.bind(this.#state)
    return new SideRows(key as never, {
      rows: open(specs.rows),
      parts: open(specs.parts),
      expiry: open(specs.expiry),
    })
  }

  freeze(): void {
    for (const { store, ops } of this.#state.freeze()) {
      const rows = this.#checkpoint.get(store) ?? new Map<string, StoreOp>()
      this.#checkpoint.set(store, rows)
      for (const op of ops) {
        const name = Buffer.from(op.key).toString('hex')
        if (op.value === null) rows.delete(name)
        else rows.set(name, op)
      }
    }
    this.#state.decided()
  }

  restore(): void {
    this.freeze()
    this.#state = new MemoryTaskState()
    this.rows = this.#open()
    for (const [store, rows] of this.#checkpoint) this.#state.restore(store, rows.values())
  }

  /** Keys of each store in the checkpoint. */
  get sizes(): Record<string, number> {
    return Object.fromEntries([...this.#checkpoint].map(([name, rows]) => [name, rows.size]))
  }

  read(name: string, from: number, to: number): (readonly [time: number, text: string])[] {
    const found = new FoundRows()
    this.rows.read(name, from, to, found)
    return found.times.map((time, i) => [time, Buffer.from(found.values[i]!).toString()] as const)
  }
}

describe('the rows of a side', () => {
  it('are read by time, rows of one time as they came, however many parts they fill', () => {
    const random = seededRandom(7)
    const pick = (n: number): number => Math.floor(random() * n)
    for (let history = 0; history < 12; history++) {
      const subject = new Subject()
      const naive: { key: string; time: number; text: string }[] = []
      const spread = [3, 50, 5_000][pick(3)]!
      const large = pick(3) === 0
      let deadBelow = 0
      for (let i = 0; i < 3_000; i++) {
        const name = pick(10) === 0 ? 'cold' : 'hot'
        const time = Math.max(
          deadBelow,
          Math.floor((i * spread) / 3_000) + pick(pick(2) === 0 ? 1 : spread),
        )
        const text = large ? `${i}${'x'.repeat(1_000)}` : `${i}`
        subject.rows.add(name, time, Buffer.from(text), deadBelow)
        naive.push({ key: name, time, text })
        if (pick(400) === 0)
          deadBelow = Math.max(deadBelow, Math.floor((i * spread) / 3_000) - pick(spread))
        subject.rows.purge(deadBelow)
        if (pick(100) === 0) subject.freeze()
        if (pick(300) === 0) subject.restore()
        if (pick(30) !== 0) continue
        const from = deadBelow + pick(spread)
        const to = from + pick(spread)
        const expected = naive
          .filter((row) => row.key === name && row.time >= from && row.time <= to)
          .sort((a, b) => a.time - b.time)
          .map((row) => [row.time, row.text])
        expect(subject.read(name, from, to)).deep.equal(expected)
      }
    }
  })

  it('are one value a key while they are few, parts of bounded size when they are many, and nothing when they are dead', () => {
    const subject = new Subject()
    for (let i = 0; i < partRowsMax; i++) subject.rows.add('k', i, Buffer.from('v'), 0)
    subject.freeze()
    expect(subject.sizes).deep.equal({ 'join/left': 1, 'join/left-expiry': 1 })
    for (let i = partRowsMax; i < 10 * partRowsMax; i++)
      subject.rows.add('k', i, Buffer.from('v'), 0)
    subject.freeze()
    expect(subject.sizes).deep.equal({
      'join/left': 1,
      'join/left-expiry': 1,
      'join/left-parts': 10,
    })
    subject.rows.purge(10 * partRowsMax - 1)
    subject.freeze()
    expect(subject.sizes).deep.equal({
      'join/left': 1,
      'join/left-expiry': 1,
      'join/left-parts': 0,
    })
    expect(subject.read('k', 0, Infinity)).deep.equal([[10 * partRowsMax - 1, 'v']])
    subject.rows.purge(10 * partRowsMax)
    subject.freeze()
    expect(subject.sizes).deep.equal({
      'join/left': 0,
      'join/left-expiry': 0,
      'join/left-parts': 0,
    })
  })

  it('fill a part by bytes, too', () => {
    const subject = new Subject()
    for (let i = 0; i < 8; i++) subject.rows.add('k', i, Buffer.alloc(partBytesMax / 2), 0)
    subject.freeze()
    expect(subject.sizes['join/left-parts']).equal(4)
    expect(subject.read('k', 2, 5).map(([time]) => time)).deep.equal([2, 3, 4, 5])
  })

  it('number the rows of a key as they come', () => {
    const subject = new Subject()
    const numbers = [5, 3, 5].map((time) => subject.rows.add('k', time, Buffer.from('v'), 0))
    expect(numbers).deep.equal([0, 1, 2])
    subject.restore()
    expect(subject.rows.add('k', 1, Buffer.from('v'), 0)).equal(3)
    const found = new FoundRows()
    subject.rows.read('k', 3, 5, found)
    expect(found.numbers).deep.equal([1, 0, 2])
  })
})
