// What is due next, when only a part of it is in memory.
import { expect } from 'chai'
import { levelForTests } from '../../../src/state/level/index.ts'
import type { LevelPool } from '../../../src/state/level/index.ts'
import { dueStore } from '../../../src/state/key-value.ts'
import type { TaskState } from '../../../src/state/state.ts'
import type { DueStore } from '../../../src/state/store.ts'
import { tempDir } from '../../log/temp-dir.ts'

const timers = dueStore<number>('timers')
const one = Uint8Array.of(1)

describe('a due store on disk', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  let pool: LevelPool
  let state: TaskState
  let due: DueStore<number>
  beforeEach(async () => {
    temp = await tempDir()
    pool = await levelForTests(temp.dir, { dueFront: 2 })
    state = pool.open('0')
    due = state.open(timers)
  })
  afterEach(async () => {
    await pool.close()
    await temp.remove()
  })

  const commit = async (): Promise<void> => {
    state.freeze()
    state.decided()
    await state.apply()
  }
  const times = (): number[] => [...due.entries()].map(({ time }) => time)

  it('says that it is starved when a read comes to the end of what is in memory, and there is more', async () => {
    for (const time of [4, 3, 2, 1]) due.put(time, one, time)
    await commit()
    for (const time of [1, 2]) {
      expect(due.first(Infinity)?.time).to.equal(time)
      due.delete(time, one)
    }
    expect(due.first(2), 'nothing up to there, in memory or on disk').to.equal(undefined)
    expect(state.starved).to.equal(false)
    expect(due.first(3)).to.equal(undefined)
    expect(state.starved).to.equal(true)
    await state.refill()
    expect(state.starved).to.equal(false)
    expect(due.first(3)?.value).to.equal(3)
  })

  it('is not starved when everything beyond was deleted', async () => {
    for (const time of [3, 2, 1]) due.put(time, one, time)
    await commit()
    for (const time of [3, 2, 1]) due.delete(time, one)
    expect(due.first(Infinity)).to.equal(undefined)
    expect(state.starved).to.equal(false)
  })

  it('reads again when rows have moved the end of what is in memory meanwhile', async () => {
    for (const time of [4, 3, 2, 1]) due.put(time, one, time)
    await commit()
    expect(times()).to.deep.equal([1, 2])
    const refill = state.refill()
    for (let turns = 0; turns < 5; turns++) await Promise.resolve() // the disk is being read
    due.put(0, one, 0)
    await refill
    let seen = times()
    while (state.starved) {
      await state.refill()
      seen = times()
    }
    expect(seen).to.deep.equal([0, 1, 2, 3, 4])
  })
})
