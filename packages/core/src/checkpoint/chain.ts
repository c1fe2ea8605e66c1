/**
 * The log of a task, judged: pure. Its records are contiguous from the first on, and each names the decided one before it.
 * A gap is always damage, because a record is written only after the answer for the one before: refuse, never skip.
 *
 * Where the log decides, every record counts (`foldChain`). Where a cluster decides, those count that lead to the head it
 * names (`foldChainTo`): what lies beside that way is void, or somebody's claim.
 */
import { MillraceError } from '../errors.ts'
import type { Coordinates } from '../errors.ts'
import type { CommitIdentity } from '../log/decider.ts'
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
  /** Records in the log, those included that do not count: the next one goes behind them. */
  readonly slots: number
}

/** Folds the whole log of a task. `records` are in the order of their slots; `seqs` are the slots they were read from. */
export function foldChain(
  records: readonly CommitRecord[],
  seqs: readonly number[],
  at: Coordinates,
): TaskHead {
  refuseGaps(records, seqs, at)
  records.forEach((record, i) => {
    const previous = records[i - 1]
    const prev = record.prev
    const fits =
      previous === undefined
        ? prev === null
        : prev !== null && prev.seq === previous.seq && prev.id === previous.id
    if (!fits) throw damaged(`record ${record.seq} does not follow record ${i}`, at)
  })
  return foldRecords(records, records.length)
}

/** Folds what leads to `head` along `prev`. The whole log is given, because every slot must be there. */
export function foldChainTo(
  head: CommitIdentity,
  records: readonly CommitRecord[],
  seqs: readonly number[],
  at: Coordinates,
): TaskHead {
  refuseGaps(records, seqs, at)
  const chain: CommitRecord[] = []
  for (let next: CommitIdentity | null = head; next !== null;) {
    const record: CommitRecord | undefined = records[next.seq - 1]
    if (record?.id !== next.id)
      throw damaged(`record ${next.seq} was decided and is another one`, at)
    if (record.kind === 'fence' || record.kind === 'seal')
      throw damaged(`record ${next.seq} is taken for a commit and is a ${record.kind}`, at)
    if (record.prev !== null && record.prev.seq >= record.seq)
      throw damaged(`record ${record.seq} does not follow record ${record.prev.seq}`, at)
    chain.push(record)
    next = record.prev
  }
  return foldRecords(chain.reverse(), records.length)
}

function refuseGaps(
  records: readonly CommitRecord[],
  seqs: readonly number[],
  at: Coordinates,
): void {
  records.forEach((record, i) => {
    const expected = i + 1
    if (seqs[i] !== expected || record.seq !== expected)
      throw damaged(`record ${expected} is missing: the log jumps to ${seqs[i]}`, at)
  })
}

function foldRecords(records: readonly CommitRecord[], slots: number): TaskHead {
  const state: FoldedState = new Map()
  const done = new Map<string, number>()
  for (const record of records) {
    fold(state, record.deltas)
    for (const mark of record.done) done.set(laneKey(mark.sink, mark.lane), mark.seq)
  }
  const pending = records.flatMap((record) =>
    record.outbox
      .filter((section) => (done.get(laneKey(section.sink, section.lane)) ?? 0) < record.seq)
      .map((section) => ({ ...section, seq: record.seq })),
  )
  const head = records.at(-1)
  return {
    head: head === undefined ? undefined : { seq: head.seq, id: head.id },
    fingerprint: head?.fingerprint,
    positions: head?.positions ?? new Map(),
    watermarks: head?.watermarks ?? new Map(),
    state,
    pending,
    slots,
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
