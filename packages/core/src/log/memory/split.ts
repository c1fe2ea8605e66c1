/**
 * A split of a memory log with its rows, and what readers may see of it: nothing at or behind the first row of a transaction
 * that is still open.
 */
import { MillraceError } from '../../errors.ts'
import type { Split } from '../position.ts'

export interface MemoryRow {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

/** A split with its rows: `rows[offset]`, undefined where the log withheld one. */
export interface MemorySplit {
  readonly split: Split
  readonly rows: (MemoryRow | undefined)[]
  /** Offsets of rows in open transactions, in ascending order, as offsets are given out in it. */
  readonly open: Set<number>
  readonly children: Split[]
  start: number
  ended: boolean
  /** Every task has decided its last commit on it. */
  finished: boolean
}

export function newSplit(split: Split): MemorySplit {
  return {
    split,
    rows: [],
    open: new Set(),
    children: [],
    start: 0,
    ended: false,
    finished: false,
  }
}

/** The end for readers. */
export function stableEnd(split: MemorySplit): number {
  for (const first of split.open) return first
  return split.rows.length
}

export function refuseEnded({ split, ended }: MemorySplit): void {
  if (ended)
    throw new MillraceError(
      'MILLRACE_LOG_CLOSED',
      `split ${split.id} has ended: append to its children`,
    )
}

/** Appends a row that readers do not see yet. Its offset. */
export function appendOpen(split: MemorySplit, row: MemoryRow): number {
  refuseEnded(split)
  const offset = split.rows.length
  split.rows.push(row)
  split.open.add(offset)
  return offset
}

/** Decides rows: visible, or withheld for ever. Each split gets one marker behind them. */
export function settle(
  rows: readonly { readonly split: MemorySplit; readonly offset: number }[],
  commit: boolean,
): void {
  const touched = new Set<MemorySplit>()
  for (const { split, offset } of rows) {
    split.open.delete(offset)
    if (!commit) split.rows[offset] = undefined
    touched.add(split)
  }
  for (const split of touched) if (!split.ended) split.rows.push(undefined)
}
