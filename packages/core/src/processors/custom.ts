/**
 * Custom: wraps the user's own Processor. It finds the disposition of each row (dropped if the user said so, forwarded
 * if something was forwarded, else absorbed), keeps the key fixed for `processValues`, and tells an error of the user's
 * code from the task failure of a node further down, which passes through.
 */
import { MillraceError, isMillraceError, messageOf } from '../errors.ts'
import type { Node } from './node.ts'
import type { Processor, ProcessorContext } from './processor.ts'
import type { Row } from './row.ts'

export class Custom implements Processor {
  readonly #user: Processor
  readonly #keyFixed: boolean
  #node!: Node
  #key: unknown = undefined
  #forwards = 0
  #dropped = false
  readonly advance?: (watermark: number) => void
  readonly tick?: (now: number) => void
  readonly drain?: (budget: number) => boolean

  constructor(user: Processor, keyFixed: boolean) {
    this.#user = user
    this.#keyFixed = keyFixed
    // The engine visits only nodes that have these: they exist exactly when the user's do.
    if (user.advance !== undefined)
      this.advance = (watermark) => this.#made(() => user.advance!(watermark))
    if (user.tick !== undefined) this.tick = (now) => this.#made(() => user.tick!(now))
    if (user.drain !== undefined)
      this.drain = (budget) => this.#made(() => user.drain!(budget)) ?? false
  }

  open(node: Node): void {
    this.#node = node
    const context: ProcessorContext = {
      name: node.name,
      forward: (key, value, time) => this.#forward(key, value, time),
      drop: (reason) => {
        this.#dropped = true
        node.drop(reason)
      },
      store: (spec) => node.store(spec),
      watermark: () => node.watermark(),
      now: () => node.now(),
    }
    this.#user.open(context)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const counters = this.#node.counters
    counters.taken++
    const outer = this.#key
    this.#key = key
    this.#forwards = 0
    this.#dropped = false
    try {
      this.#user.process(key, value, row)
    } catch (error) {
      this.#node.fail(error)
      return
    } finally {
      this.#key = outer
    }
    if (this.#dropped) return
    if (this.#forwards > 0) counters.forwarded++
    else counters.absorbed++
  }

  close(): void {
    this.#user.close?.()
  }

  #forward(key: unknown, value: unknown, time: number | undefined): void {
    if (this.#keyFixed && key !== this.#key) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        'processValues may not change the key: use process(...), behind which the stream counts as re-keyed',
        { at: { node: this.#node.name } },
      )
    }
    this.#forwards++
    this.#node.forward(key, value, time)
  }

  /** Rows made by time: nobody's disposition, and an error fails the task whatever the policy for rows. */
  #made<T>(call: () => T): T | undefined {
    this.#forwards = 0
    try {
      return call()
    } catch (error) {
      if (isMillraceError(error) && error.code === 'MILLRACE_NODE_FAILED') throw error
      throw new MillraceError('MILLRACE_NODE_FAILED', messageOf(error), {
        at: { node: this.#node.name },
        cause: error,
      })
    } finally {
      this.#node.counters.made += this.#forwards
    }
  }
}
