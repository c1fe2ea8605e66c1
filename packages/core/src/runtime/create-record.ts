/**
 * Puts a record into its slot: create-once, the fence of the protocol (law 6). The same bytes and the same id until somebody has
 * won the slot: `exists` with my own id is my first attempt, whose answer was lost; any other id is somebody else's record.
 */
import type { ObjectStore } from '../checkpoint/object-store.ts'
import { decodeRecord, encodeRecord, recordKey } from '../checkpoint/record.ts'
import type { CommitRecord } from '../checkpoint/record.ts'
import type { Env } from '../env.ts'
import { isMillraceError } from '../errors.ts'
import type { MillraceError } from '../errors.ts'
import { backoffMs } from './backoff.ts'

export interface RetryPolicy {
  /** A store that fails for a reason that may pass: is it tried again? */
  again(error: MillraceError, attempt: number): boolean
  /** Cuts a wait between two tries short. */
  readonly signal?: AbortSignal
}

/** True if the slot is mine. `bytes` are those of the record, where they have been encoded already. */
export async function createRecord(
  store: ObjectStore,
  record: CommitRecord,
  env: Env,
  retry: RetryPolicy,
  bytes: Uint8Array = encodeRecord(record),
): Promise<boolean> {
  const key = recordKey(record.app, record.subTopology, record.task, record.seq)
  for (let attempt = 0; ; attempt++) {
    try {
      if ((await store.create(key, bytes)) === 'created') return true
      const stored = await store.get(key)
      return stored !== undefined && decodeRecord(stored.bytes, undefined, key).id === record.id
    } catch (error) {
      const passing = isMillraceError(error) && error.family === 'retriable'
      if (!passing || !retry.again(error, attempt)) throw error
      await env.timers.sleep(backoffMs(attempt, env.random()), retry.signal).catch(() => {})
    }
  }
}
