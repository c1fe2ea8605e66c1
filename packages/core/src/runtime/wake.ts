/** Wake: the one thing the worker's loop waits for. Whoever has news calls `wake`; news while nobody waits is kept. */
import type { Timers } from '../env.ts'

/** However quiet it is, whoever waits looks around so often. */
export const idleWaitMs = 1_000

export class Wake {
  readonly #timers: Timers
  #news = false
  #resolve: (() => void) | undefined = undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  wake(): void {
    this.#news = true
    this.#resolve?.()
  }

  /** Resolves at the next news, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#news) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timers.after(ms, resolve)
        this.#resolve = () => {
          cancel()
          resolve()
        }
      })
      this.#resolve = undefined
    }
    this.#news = false
  }
}
