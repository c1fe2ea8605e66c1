/**
 * Checkpoints in memory: for tests, and for pipelines that may begin anew when their process ends.
 *
 * A spec holds its one store: an app that is stopped and started again in the same process with the
 * same spec finds its records. `close` therefore keeps everything. Bytes are copied in both
 * directions.
 */
import { checkKey, checkPrefix, compareKeys } from '../object-key.ts'
import type { ObjectStore, StoredObject } from '../object-store.ts'
import { frozenOptions } from '../options.ts'
import type { CheckpointOptions, CheckpointSpec } from '../spec.ts'

/** A checkpoint that lives as long as this value does. */
export function memory(options: CheckpointOptions = {}): CheckpointSpec {
  const store = new MemoryStore()
  return Object.freeze({
    kind: 'millrace.checkpoint',
    type: 'memory',
    options: frozenOptions(options),
    open: () => Promise.resolve(store),
  } satisfies CheckpointSpec)
}

export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>()

  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    return answer(() => {
      checkKey(key)
      if (this.#objects.has(key)) return 'exists'
      this.#objects.set(key, Uint8Array.from(bytes))
      return 'created'
    })
  }

  get(key: string): Promise<StoredObject | undefined> {
    return answer(() => {
      checkKey(key)
      const bytes = this.#objects.get(key)
      return bytes === undefined ? undefined : { bytes: bytes.slice() }
    })
  }

  list(prefix: string, after?: string): Promise<readonly string[]> {
    return answer(() => {
      checkPrefix(prefix)
      const keys: string[] = []
      for (const key of this.#objects.keys()) {
        if (!key.startsWith(prefix)) continue
        if (after === undefined || compareKeys(key, after) > 0) keys.push(key)
      }
      return keys.sort(compareKeys)
    })
  }

  delete(keys: readonly string[]): Promise<void> {
    return answer(() => {
      for (const key of keys) checkKey(key)
      for (const key of keys) this.#objects.delete(key)
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** What `work` throws becomes a rejection, as from a store that is far away. */
function answer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()))
}
