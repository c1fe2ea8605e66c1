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

export async function restore(
  store: ObjectStore,
  place: { readonly app: string; readonly subTopology: string; readonly task: string },
): Promise<TaskHead> {
  const keys = (await store.list(logPrefix(place.app, place.subTopology, place.task))).filter(
    (key) => seqOfKey(key) !== undefined,
  )
  const records: CommitRecord[] = []
  for (let i = 0; i < keys.length; i += together) {
    records.push(...(await Promise.all(keys.slice(i, i + together).map((key) => read(store, key)))))
  }
  return foldChain(
    records,
    keys.map((key) => seqOfKey(key)!),
    place,
  )
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
