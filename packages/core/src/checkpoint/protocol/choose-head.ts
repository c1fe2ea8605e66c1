/**
 * Which record is the head of a task whose commits a cluster decides: pure. Records are *prepared* first, and the metadata of
 * the cluster's transaction names the one that was decided last. `prev` proves that a record was decided; only metadata
 * that was read behind one's own opening proves that one is void.
 */
import type { CommitIdentity } from '../../log/decider.ts'
import type { CommitRecord } from '../record.ts'

export type HeadPlan =
  /** The metadata names it: roll it forward, whatever lies behind it is void. */
  | { readonly kind: 'named'; readonly head: CommitIdentity }
  /** Nothing is undecided: go on from here, and let a first transaction name it before anything is prepared. */
  | { readonly kind: 'unnamed'; readonly head: CommitIdentity; readonly lost: boolean }
  /** An empty log. */
  | { readonly kind: 'new' }
  /** Someone has opened behind me, or the metadata went back. */
  | { readonly kind: 'stale'; readonly because: string }
  | { readonly kind: 'refuse'; readonly because: string }

type Known = { readonly head: CommitIdentity } | 'missing'

/** `records` in the order of their slots. */
export function chooseHead(records: readonly CommitRecord[], known: Known): HeadPlan {
  const stray = records.find(({ kind }) => kind === 'commit')
  if (stray !== undefined)
    return {
      kind: 'refuse',
      because: `record ${stray.seq} was decided by the log, and now a cluster decides: go back to the sinks it had, or start with an empty checkpoint`,
    }
  return known === 'missing' ? withoutName(records) : withName(records, known.head)
}

function withName(records: readonly CommitRecord[], head: CommitIdentity): HeadPlan {
  const record = records.find(({ seq }) => seq === head.seq)
  if (record?.id !== head.id)
    return {
      kind: 'refuse',
      because: `record ${head.seq} was decided and is ${record === undefined ? 'not there' : 'another one'}: restore it from a copy, or check that cluster and checkpoint belong together`,
    }
  const decided = newestDecided(records)
  if (decided !== undefined && decided.seq > head.seq)
    return {
      kind: 'stale',
      because: `record ${decided.seq} was decided, and the cluster's metadata names ${head.seq}`,
    }
  return { kind: 'named', head }
}

/** Metadata expires, and operators reset it. While nothing can be undecided, that is harmless. */
function withoutName(records: readonly CommitRecord[]): HeadPlan {
  const start = records.find(({ kind }) => kind === 'start')
  const head = newestDecided(records) ?? start
  const open = records.find(({ kind, seq }) => kind === 'prepared' && seq > (head?.seq ?? 0))
  if (open !== undefined)
    return {
      kind: 'refuse',
      because: `nobody can tell whether record ${open.seq} was decided, because the cluster has lost the metadata of this task: look whether its rows are in the output, and restore the metadata`,
    }
  if (head === undefined) return { kind: 'new' }
  return {
    kind: 'unnamed',
    head: { seq: head.seq, id: head.id },
    lost: records.some(({ kind }) => kind === 'prepared'),
  }
}

function newestDecided(records: readonly CommitRecord[]): CommitIdentity | undefined {
  let newest: CommitIdentity | undefined
  for (const { prev } of records) if (prev !== null && prev.seq > (newest?.seq ?? 0)) newest = prev
  return newest
}
