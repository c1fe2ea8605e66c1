/** The implementation behind KTable. */
import type { Cursor } from './cursor.ts'
import { holdCursor } from './cursor.ts'
import type { NodeOptions } from './kstream.ts'
import type { TableOptions, ToTableOptions } from './ktable.ts'

export class TableHandle {
  constructor(cursor: Cursor) {
    holdCursor(this, cursor)
  }
}

/** The newest row of each key of a stream or of a source (`verb`: 'toTable', 'table'). */
export function tableOf(cursor: Cursor, verb: string, options: ToTableOptions): TableHandle {
  void verb
  void options
  return new TableHandle(cursor)
}

export type JoinKind = 'join' | 'leftJoin' | 'outerJoin'
type Joiner = (left: unknown, right: unknown, key: unknown) => unknown

/** stream-table. */
export function joinTable(
  stream: Cursor,
  table: Cursor,
  kind: JoinKind,
  join: Joiner,
  options: NodeOptions & TableOptions,
): Cursor {
  void [table, kind, join, options]
  return stream
}

/** stream-global. */
export function joinGlobal(
  stream: Cursor,
  table: Cursor,
  kind: JoinKind,
  join: Joiner,
  options: NodeOptions & { readonly key: (value: unknown, key: unknown) => unknown },
): Cursor {
  void [table, kind, join, options]
  return stream
}
