/**
 * Answering: the right side of a foreign-key join. It keeps who subscribed to which right row, answers a subscription with the row that
 * is there, and a change of a right row to every subscriber, in the order of their keys.
 *
 * One change may owe a million answers: a job in line is the cursor, with the last left key answered. What else is answered meanwhile
 * waits behind it. The time of an answer to a left row is the later of the two rows, to a change of a right row that of the change.
 */
import type { Serde } from '../../serde/serde.ts'
import type { DueStore, KeyValueStore, StoreSpec } from '../../state/store.ts'
import { Line } from '../line.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver } from '../processor.ts'
import type { Row } from '../row.ts'
import type { TableFacts } from '../table-facts.ts'
import { asks } from './messages.ts'
import type { Subscription } from './messages.ts'
import { Subscribers } from './subscribers.ts'
import type { FirstPart, Part, PartKey } from './subscribers.ts'

export interface AnsweringOptions {
  readonly right: TableFacts
  readonly leftKey: Serde<unknown>
  readonly rightKey: Serde<unknown>
  readonly rightValue: Serde<unknown>
  readonly firsts: StoreSpec<KeyValueStore<unknown, FirstPart>>
  readonly parts: StoreSpec<KeyValueStore<PartKey, Part>>
  readonly jobs: StoreSpec<DueStore<Job>>
}

/** A change of a right row, and how far it has been told. */
export interface Job {
  readonly right: Uint8Array | null
  readonly time: number
  /** The last left key answered; null: none yet. */
  readonly last: Uint8Array | null
}

export class Answering implements Processor {
  readonly sides: readonly Receiver[]
  readonly #options: AnsweringOptions
  #node!: Node
  #subscribers!: Subscribers
  #jobs!: Line<Job>
  /** How far the slice in progress has come. */
  #last: Uint8Array | undefined = undefined

  constructor(options: AnsweringOptions) {
    this.#options = options
    this.sides = [
      { process: (key, value, row) => this.#subscription(key, value as Subscription, row) },
      { process: (key, value, row) => this.#change(key, value, row) },
    ]
  }

  open(node: Node): void {
    const { firsts, parts, jobs, rightKey } = this.#options
    this.#node = node
    this.#subscribers = new Subscribers(node.store(firsts), node.store(parts), rightKey)
    this.#jobs = new Line(node.store(jobs))
  }

  process(): void {}

  #subscription(foreign: unknown, { ask, hash, left }: Subscription, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    let key: unknown
    let right: Uint8Array | null = null
    let time = row.time
    let answered = ask === asks.always || ask === asks.nothing
    try {
      key = this.#options.leftKey.decode(left)
      const entry = foreign === null ? undefined : node.tables[0]!.get(foreign)
      if (entry !== undefined) {
        time = Math.max(time, entry.time)
        if (ask === asks.ifFound) answered = true
        if (answered && ask !== asks.nothing) right = this.#encode(entry.value)
      }
    } catch (error) {
      node.fail(error)
      return
    }
    if (foreign !== null) {
      if (ask === asks.nothing || ask === asks.silence) this.#subscribers.remove(foreign, left)
      else this.#subscribers.put(foreign, left, hash!)
    }
    if (!answered) {
      counters.absorbed++
      return
    }
    counters.forwarded++
    node.change(key, { hash, right }, undefined, time)
  }

  #change(foreign: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (foreign === null) {
      node.drop('null-key')
      return
    }
    if (!row.latest && this.#options.right.versioned) {
      node.drop('not-latest')
      return
    }
    let right: Uint8Array | null
    let id: Uint8Array
    try {
      right = this.#encode(value)
      id = this.#options.rightKey.encode(foreign)
    } catch (error) {
      node.fail(error)
      return
    }
    counters.forwarded++
    if (!this.#jobs.empty) this.#jobs.push(id, { right, time: row.time, last: null })
    else if (this.#tell(foreign, right, row.time, undefined, this.#node.sliceRows) < 0)
      this.#jobs.push(id, { right, time: row.time, last: this.#last! })
  }

  drain(budget: number): boolean {
    let left = budget
    for (let job = this.#jobs.first; job !== undefined; job = this.#jobs.first) {
      if (left <= 0) return true
      const { right, time, last } = job.value
      const foreign = this.#options.rightKey.decode(job.id)
      const before = left
      left = this.#tell(foreign, right, time, last ?? undefined, left)
      this.#node.counters.made += before - Math.max(0, left)
      if (left < 0) {
        this.#jobs.replace(job, { right, time, last: this.#last! })
        return true
      }
      this.#jobs.shift(job)
    }
    return false
  }

  /** Answers up to `budget` subscribers behind a left key. What is left of the budget, or -1 when subscribers are left. */
  #tell(
    foreign: unknown,
    right: Uint8Array | null,
    time: number,
    behind: Uint8Array | undefined,
    budget: number,
  ): number {
    const { leftKey } = this.#options
    const node = this.#node
    let left = budget
    let last = behind
    for (;;) {
      const page = this.#subscribers.behind(foreign, last)
      if (page === undefined) return left
      if (left === 0) break
      const { keys, hashes } = page.part
      for (let i = page.from; i < keys.length && left > 0; i++, left--) {
        last = keys[i]!
        node.change(leftKey.decode(last), { hash: hashes[i]!, right }, undefined, time)
      }
    }
    this.#last = last
    return -1
  }

  #encode(value: unknown): Uint8Array | null {
    return value === null ? null : this.#options.rightValue.encode(value)
  }
}
