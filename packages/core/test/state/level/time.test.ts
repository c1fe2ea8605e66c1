// Timers and expiry are made of stores, so they are on disk what they are in memory.
import { levelForTests } from '../../../src/state/level/index.ts'
import type { LevelPool } from '../../../src/state/level/index.ts'
import { tempDir } from '../../log/temp-dir.ts'
import { firstFailure, replayOf } from '../../properties/check.ts'
import { historiesOn } from '../../properties/time.ts'

describe('time on disk', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  let pool: LevelPool
  beforeEach(async () => {
    temp = await tempDir()
    pool = await levelForTests(temp.dir)
  })
  afterEach(async () => {
    await pool.close()
    await temp.remove()
  })

  for (const name of ['timers', 'ttl'] as const)
    it(`${name} agree with the oracle`, () => {
      const history = historiesOn({ state: (task) => pool.open(task) })[name]!
      const failure = firstFailure(name, history, 1, 40)
      if (failure !== undefined) throw new Error(replayOf(failure), { cause: failure.error })
    })
})
