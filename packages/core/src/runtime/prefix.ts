/**
 * Prefix: what runs on a row before the splits are merged: decode, and the steps up to the source's `eventTime` (or a
 * `validate` right behind the source). It works on a row when that row becomes the head of its split, so a row that it
 * drops or dead-letters is done with at once, in its turn, and touches no clock.
 */
import type { Batch } from '../log/source-port.ts'
import type { Decoder } from '../serde/serde.ts'
import type { EventTime } from '../processors/event-time.ts'
import type { Node } from '../processors/node.ts'
import type { Receiver } from '../processors/processor.ts'
import type { Row } from '../processors/row.ts'
import { BatchOrigin } from './origin.ts'

/** The row at the head of a split, decoded and timed. */
export interface Head {
  key: unknown
  value: unknown
  time: number
  headers: ReadonlyMap<string, Uint8Array> | undefined
}

export class Prefix implements Receiver {
  readonly #node: Node
  readonly #key: Decoder<unknown>
  readonly #value: Decoder<unknown>
  readonly #passesNull: boolean
  readonly #topic: string
  readonly #origin: BatchOrigin = new BatchOrigin()
  /** The first step of the prefix; the last one of which is this object itself. */
  first: Receiver = this
  /** The last step, where the source has one: only it may say that a record without a time has one. */
  eventTime: EventTime | undefined = undefined
  #head: Head | undefined = undefined
  #found = false

  constructor(
    node: Node,
    source: {
      topic: string
      key: Decoder<unknown>
      value: Decoder<unknown>
    },
    passesNulls: boolean,
  ) {
    this.#node = node
    this.#key = source.key
    this.#value = source.value
    this.#topic = source.topic
    this.#passesNull = passesNulls
  }

  /** Rows seen, whatever became of them. */
  get taken(): number {
    return this.#node.counters.taken
  }

  /**
   * Fills `head` with row `i` of the batch, of a split whose highest time so far is `partitionTime`; false if the row ended in the
   * prefix. Throws the task's failure.
   */
  run(batch: Batch, i: number, head: Head, partitionTime: number): boolean {
    const node = this.#node
    const { counters } = node
    counters.taken++
    const time = batch.timestamp(i)
    const headers = batch.headers(i)
    let key: unknown
    let value: unknown
    try {
      const keyWire = batch.key(i)
      const valueWire = batch.value(i)
      key = keyWire === null ? null : this.#key.decode(keyWire as Uint8Array)
      value = valueWire === null ? null : this.#value.decode(valueWire as Uint8Array)
    } catch (error) {
      this.#point(batch, i, time, headers)
      node.fail(error)
      return false
    }
    if (value === null && !this.#passesNull) {
      node.drop('null-value')
      return false
    }
    if (this.eventTime !== undefined) this.eventTime.of(partitionTime)
    else if (!(time >= 0)) {
      node.drop('invalid-time')
      return false
    }
    counters.forwarded++
    head.headers = headers
    if (this.first === this) {
      head.key = key
      head.value = value
      head.time = time
      return true
    }
    this.#point(batch, i, time, headers)
    this.#head = head
    this.#found = false
    this.first.process(key, value, node.row)
    return this.#found
  }

  /** What a step or an error policy may ask about the row. A source without steps needs it for a bad row only. */
  #point(
    batch: Batch,
    i: number,
    time: number,
    headers: ReadonlyMap<string, Uint8Array> | undefined,
  ): void {
    const { row } = this.#node
    row.time = time
    row.headers = headers
    row.origin = this.#origin.point(this.#topic, batch, i)
  }

  /** The end of the prefix: the row is the head of its split now. */
  process(key: unknown, value: unknown, row: Row): void {
    const head = this.#head!
    head.key = key
    head.value = value
    head.time = row.time
    this.#found = true
  }
}
