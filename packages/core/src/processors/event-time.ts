/**
 * EventTime: gives a row its event time; the last step of a source's prefix, so it runs before splits are merged and a row
 * that it refuses touches no clock. A negative time drops the row. One that is no whole number is an error of the function, and
 * goes to the policy of the node like any other. A row further ahead of the wall clock than `future`, which would close every
 * window (law 5), is dead-lettered where there is a sink for it.
 */
import { MillraceError } from '../errors.ts'
import { invalidTime } from '../time/extractors.ts'
import type { RecordTime } from '../time/extractors.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'

export class EventTime implements Processor {
  readonly #time: (value: unknown, key: unknown, record: RecordTime) => number
  readonly #futureMs: number
  readonly #record: { timestamp: number; partitionTime: number; now: number } = {
    timestamp: NaN,
    partitionTime: -1,
    now: NaN,
  }
  #node!: Node

  constructor(
    time: (value: unknown, key: unknown, record: RecordTime) => number,
    futureMs: number | undefined,
  ) {
    this.#time = time
    this.#futureMs = futureMs ?? Infinity
  }

  open(node: Node): void {
    this.#node = node
  }

  /** The next row is of a split whose highest time so far is this. */
  of(partitionTime: number): void {
    this.#record.partitionTime = partitionTime
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const record = this.#record
    node.counters.taken++
    record.timestamp = row.time
    record.now = node.now()
    let time: number
    try {
      time = this.#time(value, key, record)
      if (!Number.isSafeInteger(time)) throw invalidTime(`the event time of a row is ${time}`)
    } catch (error) {
      node.fail(error)
      return
    }
    if (time < 0) {
      node.drop('invalid-time')
      return
    }
    if (time > record.now + this.#futureMs) {
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
