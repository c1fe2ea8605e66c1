/**
 * Carries out the calls that tasks ask for, and reports their outcome. What an operator throws synchronously counts like a
 * rejection. An aborted call's answer is dropped here already.
 */
import type { CallResult, Effect } from './effects.ts'

export class CallDriver {
  readonly #aborts: Map<number, AbortController> = new Map()
  readonly #complete: (id: number, result: CallResult) => void

  constructor(complete: (id: number, result: CallResult) => void) {
    this.#complete = complete
  }

  get running(): number {
    return this.#aborts.size
  }

  carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'cancel') this.#cancel(effect.id)
      else this.#call(effect)
    }
  }

  cancelAll(): void {
    for (const id of this.#aborts.keys()) this.#cancel(id)
  }

  #call(effect: Extract<Effect, { kind: 'call' }>): void {
    const abort = new AbortController()
    this.#aborts.set(effect.id, abort)
    const settle = (result: CallResult): void => {
      if (this.#aborts.delete(effect.id)) this.#complete(effect.id, result)
    }
    let answer: Promise<unknown>
    try {
      answer = Promise.resolve(
        effect.operator.call(effect.value, effect.key, {
          signal: abort.signal,
          attempt: effect.attempt,
        }),
      )
    } catch (error) {
      answer = Promise.reject(error as Error)
    }
    answer.then(
      (ok) => settle({ ok }),
      (error: unknown) => settle({ error }),
    )
  }

  #cancel(id: number): void {
    const abort = this.#aborts.get(id)
    this.#aborts.delete(id)
    abort?.abort(new Error('the call is of no use any more'))
  }
}
