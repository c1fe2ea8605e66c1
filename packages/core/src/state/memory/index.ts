/**
 * State in memory: for tests, and for pipelines whose state is small enough to be restored from the checkpoint at each start.
 */
import type { StateSpec } from '../state.ts'
import { MemoryTaskState } from './task-state.ts'

export function memoryState(): StateSpec {
  return Object.freeze({
    kind: 'millrace.state',
    type: 'memory',
    open: () => Promise.resolve(new MemoryTaskState()),
  } satisfies StateSpec)
}
