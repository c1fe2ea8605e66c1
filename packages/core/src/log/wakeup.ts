/**
 * The waiting side of `SourcePort.ready`: at most one waiter, a wake that nobody waited for is
 * remembered, and an error that stops the source is given to every later call. Resolves, too, when
 * the caller's signal aborts.
 */
import { MillraceError } from '../errors.ts'

export class Wakeup {
  #pending = false
  #error: { readonly cause: unknown } | undefined
  #waiter: { resolve(): void; reject(error: unknown): void } | undefined

  /** Something is new: the waiter goes on, or the next one does not wait. */
  wake(): void {
    if (this.#waiter === undefined) this.#pending = true
    else this.#waiter.resolve()
  }

  /** The first error stays. */
  fail(error: unknown): void {
    this.#error ??= { cause: error }
    this.#waiter?.reject(this.#error.cause)
  }

  /** `already`: there is something to take now. */
  wait(signal: AbortSignal, already: boolean): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error.cause as Error)
    if (this.#waiter !== undefined) {
      return Promise.reject(
        new MillraceError(
          'MILLRACE_LIFECYCLE',
          'ready() is outstanding already: a port has one waiter',
        ),
      )
    }
    if (already || this.#pending) {
      this.#pending = false
      return Promise.resolve()
    }
    if (signal.aborted) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiter = undefined
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = (): void => end(resolve)
      this.#waiter = {
        resolve: () => end(resolve),
        reject: (error) => end(() => reject(error as Error)),
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
