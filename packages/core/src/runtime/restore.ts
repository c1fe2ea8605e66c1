/**
 * Restore: reads the log of a task and folds it. The log is the only truth: an embedded source has no offsets of its own.
 * Records are fetched a few at a time and verified before anything is believed.
 */
import { foldChain } from '../checkpoint/chain.ts'
import type { TaskHead } from '../checkpoint/chain.ts'
import type { ObjectStore } from '../checkpoint/object-store.ts'
import { decodeRecord, logPrefix, seqOfKey } from '../checkpoint/record.ts'
import type { CommitRecord } from '../checkpoint/record.ts'
import { MillraceError } from '../errors.ts'

const together = 16

export interface Place {
  readonly app: string
  readonly subTopology: string
  readonly task: string
}

/** Every record of a task, in the order of their slots. */
export interface TaskLog {
  readonly records: readonly CommitRecord[]
  readonly seqs: readonly number[]
}

export async function restore(store: ObjectStore, place: Place): Promise<TaskHead> {
  const { records, seqs } = await readLog(store, place)
  return foldChain(records, seqs, place)
}

export async function readLog(store: ObjectStore, place: Place): Promise<TaskLog> {
  const keys = (await store.list(logPrefix(place.app, place.subTopology, place.task))).filter(
    (key) => seqOfKey(key) !== undefined,
  )
  const records: CommitRecord[] = []
  for (let i = 0; i < keys.length; i += together) {
    records.push(...(await Promise.all(keys.slice(i, i + together).map((key) => read(store, key)))))
  }
  return { records, seqs: keys.map((key) => seqOfKey(key)!) }
}

async function read(store: ObjectStore, key: string): Promise<CommitRecord> {
  const stored = await store.get(key)
  if (stored === undefined)
    throw new MillraceError(
      'MILLRACE_RECORD_DAMAGED',
      `the object ${key} was listed and is gone: something deletes from the checkpoint`,
    )
  return decodeRecord(stored.bytes, undefined, key)
}
