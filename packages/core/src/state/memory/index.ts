/**
 * State in memory: for tests, and for pipelines whose state is small enough to be restored from the checkpoint at each start.
 */
import type { StateSpec } from '../state.ts'
import { MemoryTaskState } from './task-state.ts'

export interface MemoryStateOptions {
  /** Keeps the committed rows of each store, too, as bytes: `app.store(name)` reads those. Default false. */
  readonly queries?: boolean
}

export function memoryState(options: MemoryStateOptions = {}): StateSpec {
  return Object.freeze({
    kind: 'millrace.state',
    type: 'memory',
    open: () => Promise.resolve(new MemoryTaskState(options)),
  } satisfies StateSpec)
}
