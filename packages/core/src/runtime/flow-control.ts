/**
 * Flow control: when a task is given rows, and when it commits. Pure decisions on plain facts (law 7: full means that the
 * sources wait).
 */
export interface CommitFacts {
  readonly changed: boolean
  readonly wantsCommit: boolean
  readonly mayFreeze: boolean
  readonly outboxFull: boolean
  readonly sinceLastMs: number
  readonly everyMs: number
}

/** Rows of one split that wait in a task, beyond which it is given no more. */
export const bufferedRowsMax = 2_000

export function mayPoll(buffered: number, stopping: boolean): boolean {
  return !stopping && buffered < bufferedRowsMax
}

/** A full sink asks for a commit at once; otherwise the interval decides. Nothing new, no commit. */
export function shouldCommit(facts: CommitFacts): boolean {
  if (!facts.mayFreeze || facts.outboxFull) return false
  if (facts.wantsCommit) return true
  return facts.changed && facts.sinceLastMs >= facts.everyMs
}
