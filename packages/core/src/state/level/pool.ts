/** Many task states in one LevelDB, each behind a number of its own: what a synchronous test driver can use. */
import { mkdir } from 'node:fs/promises'
import type { TaskState } from '../state.ts'
import type { Budget } from './budget.ts'
import type { LevelPool } from './index.ts'
import { openLevel } from './open.ts'
import { LevelTaskState } from './task-state.ts'

export async function openPool(dir: string, budget: Budget): Promise<LevelPool> {
  await mkdir(dir, { recursive: true })
  const level = await openLevel(dir, budget.opened())
  const states = new Set<LevelTaskState>()
  let opened = 0
  return {
    open: (): TaskState => {
      const prefix = new Uint8Array(4)
      new DataView(prefix.buffer).setUint32(0, ++opened)
      const state: LevelTaskState = new LevelTaskState(level, prefix, budget, () => {
        states.delete(state)
        return Promise.resolve()
      })
      states.add(state)
      return state
    },
    apply: async () => {
      for (const state of states) await state.apply()
    },
    close: async () => {
      for (const state of states) await state.close()
      await level.close()
    },
  }
}
