/** What a user may say about state on disk. */
export interface LevelOptions {
  /** Where the databases lie, one directory a task. Default: the directory `state` in the app's own. */
  readonly dir?: string
  /**
   * Bytes for all tasks together: half for decoded values, a quarter for what is decided and not written yet, a quarter for
   * LevelDB. Default 128 MiB. A task has at least 1.5 MiB of LevelDB, however many there are.
   */
  readonly memory?: number
  /** Bytes of decoded values, estimated. Default: half of `memory`. */
  readonly cacheBytes?: number
  /** Decoded values. Default 200_000. */
  readonly cacheEntries?: number
  /** Entries of one due store (closes, timers, suppressed rows) that are in memory: the lowest. Default 20_000. */
  readonly dueFront?: number
}
