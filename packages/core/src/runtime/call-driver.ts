/**
 * Carries out the calls that tasks ask for, and reports their outcome. What an operator throws synchronously counts like a
 * rejection. An aborted call's answer is dropped here already.
 */
import type { AsyncCall } from '../processors/async-node.ts'
import type { CallResult, Effect } from './effects.ts'

/** What an operator sees of its call. The signal is made when somebody asks for it: it costs more than the call. */
class Call implements AsyncCall {
  readonly attempt: number
  #abort: AbortController | undefined = undefined
  #aborted = false

  constructor(attempt: number) {
    this.attempt = attempt
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#aborted) this.#abort.abort(noUse())
    return this.#abort.signal
  }

  abort(): void {
    this.#aborted = true
    this.#abort?.abort(noUse())
  }
}

export class CallDriver {
  readonly #running: Map<number, Call> = new Map()
  readonly #complete: (id: number, result: CallResult) => void

  constructor(complete: (id: number, result: CallResult) => void) {
    this.#complete = complete
  }

  get running(): number {
    return this.#running.size
  }

  carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'cancel') this.#cancel(effect.id)
      else this.#call(effect)
    }
  }

  cancelAll(): void {
    for (const id of this.#running.keys()) this.#cancel(id)
  }

  #call(effect: Extract<Effect, { kind: 'call' }>): void {
    const call = new Call(effect.attempt)
    this.#running.set(effect.id, call)
    const settle = (result: CallResult): void => {
      if (this.#running.delete(effect.id)) this.#complete(effect.id, result)
    }
    let answer: Promise<unknown>
    try {
      answer = Promise.resolve(effect.operator.call(effect.value, effect.key, call))
    } catch (error) {
      answer = Promise.reject(error as Error)
    }
    answer.then(
      (ok) => settle({ ok }),
      (error: unknown) => settle({ error }),
    )
  }

  #cancel(id: number): void {
    const call = this.#running.get(id)
    this.#running.delete(id)
    call?.abort()
  }
}

function noUse(): Error {
  return new Error('the call is of no use any more')
}
