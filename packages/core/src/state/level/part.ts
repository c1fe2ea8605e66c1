/** What the state of a task needs of each of its stores on disk, whatever their shape. */
import type { StoreOp } from '../state.ts'
import type { Freeze } from './changes.ts'

export interface LevelPart {
  readonly name: string
  readonly dirty: number
  freeze(): Freeze
  restore(ops: Iterable<StoreOp>): void
  /** Writes a piece of what is decided; false when nothing is left. */
  apply(): Promise<boolean>
  close(): void
}
