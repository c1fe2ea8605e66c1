/**
 * `level({ dir })`: state on disk, in LevelDB. Stores are synchronous: what was read or written lately is in memory, the rest
 * is one short read away. The directory is a cache of the checkpoint: emptied when a task is opened, never repaired, safe to
 * delete while the app is stopped.
 */
import type { StateContext, StateSpec, TaskState } from '../state.ts'
import { Budget } from './budget.ts'
import type { LevelOptions } from './options.ts'

export type { LevelOptions }

export function level(options: LevelOptions = {}): StateSpec {
  const { dir } = options
  const budget = new Budget(options)
  return Object.freeze({
    kind: 'millrace.state',
    type: 'level',
    open: async (ctx: StateContext) => {
      const { openTaskState } = await import('./open.ts')
      return openTaskState(ctx, dir, budget)
    },
  } satisfies StateSpec)
}

/** Task states on one LevelDB, opened at once: for tests, which cannot wait in between. */
export interface LevelPool {
  /** An empty state. The name is for people. */
  open(task: string): TaskState
  /** Writes what is decided, of all states that are open. */
  apply(): Promise<void>
  close(): Promise<void>
}

/** For tests. No due store has less than everything in memory, unless `dueFront` says so. */
export async function levelForTests(
  dir: string,
  options: Omit<LevelOptions, 'dir'> = {},
): Promise<LevelPool> {
  const { openPool } = await import('./pool.ts')
  return openPool(dir, new Budget({ dueFront: Infinity, ...options }))
}
