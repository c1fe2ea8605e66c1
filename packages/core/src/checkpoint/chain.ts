/**
 * The log of a task, judged: pure. Its records are contiguous from the first on, and each names the decided one before it.
 * A gap is always damage, because a record is written only after the answer for the one before: refuse, never skip.
 */
import { MillraceError } from '../errors.ts'
import type { Coordinates } from '../errors.ts'
import { fold } from './fold.ts'
import type { FoldedState } from './fold.ts'
import type { CommitRecord, OutboxSection } from './record.ts'

export interface PendingSection extends OutboxSection {
  readonly seq: number
}

export interface TaskHead {
  /** The newest decided record; undefined when the log is empty. */
  readonly head: { readonly seq: number; readonly id: string } | undefined
  readonly fingerprint: string | undefined
  readonly positions: ReadonlyMap<string, string>
  readonly watermarks: ReadonlyMap<string, number>
  readonly state: FoldedState
  /** Staged rows that nobody has marked as published, oldest first. */
  readonly pending: readonly PendingSection[]
}

/** Folds the whole log of a task. `records` are in the order of their slots; `seqs` are the slots they were read from. */
export function foldChain(
  records: readonly CommitRecord[],
  seqs: readonly number[],
  at: Coordinates,
): TaskHead {
  const state: FoldedState = new Map()
  const done = new Map<string, number>()
  let previous: CommitRecord | undefined
  records.forEach((record, i) => {
    const expected = i + 1
    if (seqs[i] !== expected || record.seq !== expected)
      throw damaged(`record ${expected} is missing: the log jumps to ${seqs[i]}`, at)
    const prev = record.prev
    const fits =
      previous === undefined
        ? prev === null
        : prev !== null && prev.seq === previous.seq && prev.id === previous.id
    if (!fits) throw damaged(`record ${record.seq} does not follow record ${expected - 1}`, at)
    fold(state, record.deltas)
    for (const mark of record.done) done.set(laneKey(mark.sink, mark.lane), mark.seq)
    previous = record
  })
  const pending = records.flatMap((record) =>
    record.outbox
      .filter((section) => (done.get(laneKey(section.sink, section.lane)) ?? 0) < record.seq)
      .map((section) => ({ ...section, seq: record.seq })),
  )
  return {
    head: previous === undefined ? undefined : { seq: previous.seq, id: previous.id },
    fingerprint: previous?.fingerprint,
    positions: previous?.positions ?? new Map(),
    watermarks: previous?.watermarks ?? new Map(),
    state,
    pending,
  }
}

export function laneKey(sink: string, lane: string): string {
  return `${sink}\0${lane}`
}

function damaged(what: string, at: Coordinates): MillraceError {
  return new MillraceError(
    'MILLRACE_RECORD_DAMAGED',
    `the commit log of this task is damaged: ${what}. Nothing was skipped: restore the missing object from a copy, or start with an empty checkpoint`,
    { at },
  )
}
