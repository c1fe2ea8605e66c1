/**
 * Trim: repartition logs are ours alone, so what every reader has decided is of no use to anybody. Now and then the log is told that
 * it may forget what lies before the decided position; nothing waits for it, and failing is no harm.
 */
import type { Env } from '../env.ts'
import { messageOf } from '../errors.ts'
import type { LogAdmin } from '../log/membership.ts'
import type { Position } from '../log/position.ts'

const everyMs = 10_000

export class Trim {
  /** Splits of repartition logs, each with the admin of its log. */
  readonly #splits: ReadonlyMap<string, LogAdmin>
  readonly #env: Env
  #last: number
  #running = false

  constructor(splits: ReadonlyMap<string, LogAdmin>, env: Env) {
    this.#splits = splits
    this.#env = env
    this.#last = env.clock.monotonic()
  }

  decided(positions: ReadonlyMap<string, Position>): void {
    if (this.#splits.size === 0 || this.#running) return
    const now = this.#env.clock.monotonic()
    if (now - this.#last < everyMs) return
    this.#last = now
    this.#running = true
    void this.#purge(positions).finally(() => (this.#running = false))
  }

  async #purge(positions: ReadonlyMap<string, Position>): Promise<void> {
    for (const [split, admin] of this.#splits) {
      const before = positions.get(split)
      if (before === undefined) continue
      try {
        await admin.purge(split, before)
      } catch (error) {
        this.#env.log(
          'warn',
          `the repartition log ${split} keeps its old rows: ${messageOf(error)}`,
        )
      }
    }
  }
}
