/**
 * The memory of a worker's state, one for all tasks that one `level()` opens: the cache of decoded values, what is decided and
 * not written yet, and LevelDB's own caches and buffers, which lie outside of V8's heap (law 7).
 */
import { MillraceError } from '../../errors.ts'
import { Cache } from './cache.ts'
import type { Backlog } from './changes.ts'
import type { LevelOptions } from './options.ts'

/** Of a database. A write buffer exists twice while it is flushed. */
export interface DatabaseBytes {
  readonly cacheSize: number
  readonly writeBufferSize: number
}

const MiB = 2 ** 20
const defaults = { memory: 128 * MiB, cacheEntries: 200_000, dueFront: 20_000 }
/** What a database is given at least and at most. */
const databaseBytesMin = 1.5 * MiB
const databaseBytesMax = 12 * MiB

export class Budget {
  readonly cache: Cache
  readonly backlog: Backlog = { bytes: 0 }
  readonly backlogMax: number
  /** Entries of a due store in memory. */
  readonly dueFront: number
  readonly #databases: number
  #open = 0

  constructor(options: LevelOptions) {
    const memory = atLeast('memory', options.memory ?? defaults.memory, 4 * MiB)
    this.cache = new Cache({
      bytesMax: atLeast('cacheBytes', options.cacheBytes ?? memory / 2, 1),
      entriesMax: atLeast('cacheEntries', options.cacheEntries ?? defaults.cacheEntries, 1),
    })
    this.backlogMax = memory / 4
    this.dueFront = atLeast('dueFront', options.dueFront ?? defaults.dueFront, 1)
    this.#databases = memory / 4
  }

  /** The share of one more database. */
  opened(): DatabaseBytes {
    this.#open++
    const share = this.#databases / this.#open
    const bytes = Math.min(databaseBytesMax, Math.max(databaseBytesMin, share))
    const third = Math.floor(bytes / 3)
    return { cacheSize: third, writeBufferSize: third }
  }

  closed(): void {
    this.#open--
  }
}

function atLeast(name: string, value: number, min: number): number {
  if (typeof value === 'number' && value >= min) return value
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `level({ ${name} }) is ${value}: give a number from ${min} on`,
  )
}
