/** The implementation behind KGrouped. */
import type { Cursor } from './cursor.ts'
import { holdCursor } from './cursor.ts'

export class GroupedHandle {
  constructor(cursor: Cursor, partitions: number | undefined) {
    holdCursor(this, cursor)
    void partitions
  }
}
