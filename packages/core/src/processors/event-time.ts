/**
 * EventTime: gives a row its event time; the last step of a source's prefix, so it runs before splits are merged and a row
 * that it refuses touches no clock. NaN, fractions and negative times end here, and so does a row further ahead of the
 * wall clock than `future`, which would close every window (law 5): that one is dead-lettered where there is a sink for it.
 */
import { MillraceError } from '../errors.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'

export class EventTime implements Processor {
  readonly #time: (value: unknown, key: unknown) => number
  readonly #futureMs: number
  #node!: Node

  constructor(time: (value: unknown, key: unknown) => number, futureMs: number | undefined) {
    this.#time = time
    this.#futureMs = futureMs ?? Infinity
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    node.counters.taken++
    let time: number
    try {
      time = this.#time(value, key)
    } catch (error) {
      node.fail(error)
      return
    }
    if (!Number.isSafeInteger(time) || time < 0) {
      node.drop('invalid-time')
      return
    }
    if (time > node.now() + this.#futureMs) {
      node.reject(
        new MillraceError(
          'MILLRACE_FUTURE',
          `event time ${time} is more than ${this.#futureMs} ms ahead of the wall clock`,
        ),
        'future',
      )
      return
    }
    row.time = time
    node.counters.forwarded++
    node.next.process(key, value, row)
  }
}
