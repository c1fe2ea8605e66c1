/**
 * GraceJoin: a stream with a versioned table, whose older changes may still come. A row waits until T has passed its time by the grace
 * and is joined then, as of its own time; rows leave by (time, bytes of the key, order of arrival). A row that is older than that
 * when it comes is joined at once, and so is one without a key by a left join.
 *
 * T is that of the rows that waited under stream time, else the watermark. What waits lies in a due store, which is the cursor of what
 * is owed; a count a key keeps the order of arrival. Under stream time a row lets others leave; should those be on disk, further rows of
 * the same push wait in line.
 */
import type { KeyValueStore, DueStore, StoreSpec } from '../../state/store.ts'
import type { Serde } from '../../serde/serde.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver } from '../processor.ts'
import type { Row } from '../row.ts'
import { copyOf } from '../copy.ts'
import { RowLine } from '../row-line.ts'
import { Lookup } from './lookup.ts'
import type { LookupOptions } from './lookup.ts'
import { tableChange } from './lookup-join.ts'
import { keyOfWaitId, waitId } from './wait-id.ts'

/** Rows of a key: how many wait, and the number of the next one. */
export interface Arrivals {
  next: number
  waiting: number
}

export interface GraceJoinOptions extends LookupOptions {
  readonly graceMs: number
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Rows that come while others are owed that are on disk. Only under stream time. */
  readonly line: StoreSpec<DueStore<Uint8Array>> | undefined
  readonly waiting: StoreSpec<DueStore<unknown>>
  readonly arrivals: StoreSpec<KeyValueStore<unknown, Arrivals>>
  /** With it values are copied before they are kept. */
  readonly copy: Serde<unknown> | undefined
}

export class GraceJoin implements Processor {
  readonly sides: readonly Receiver[]
  readonly #options: GraceJoinOptions
  #node!: Node
  #lookup!: Lookup
  #waiting!: DueStore<unknown>
  #arrivals!: KeyValueStore<unknown, Arrivals>
  #line: RowLine | undefined = undefined
  /** T, from the moment on in which it moves: the row in progress still sees the one before. */
  #time = -Infinity

  constructor(options: GraceJoinOptions) {
    this.#options = options
    this.sides = [this, { process: () => tableChange(this.#node) }]
  }

  open(node: Node): void {
    this.#node = node
    this.#lookup = new Lookup(node, this.#options)
    this.#waiting = node.store(this.#options.waiting)
    this.#arrivals = node.store(this.#options.arrivals)
    const { line, key } = this.#options
    if (line !== undefined) this.#line = new RowLine(node.store(line), key)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const line = this.#line
    if (line !== undefined) {
      // Another row of the same push: nothing passes what is owed.
      while (this.#leaveDue(this.#node.sliceRows) < 0);
      if (this.#waiting.starved || !line.empty) {
        this.#lineUp(line, key, value, row.time)
        return
      }
    }
    this.#take(key, value, row)
  }

  #take(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (value === null) {
      node.drop('null-value')
      return
    }
    if (key === null && !this.#options.left) {
      node.drop('null-key')
      return
    }
    if (key === null || row.time < node.time - this.#options.graceMs) {
      while (this.#leaveDue(node.sliceRows) < 0);
      this.#joinNow(key, value, row)
      return
    }
    try {
      this.#wait(key, value, row.time)
    } catch (error) {
      node.fail(error)
      return
    }
    counters.absorbed++
    node.observe(row.time)
    if (node.usesStreamTime) this.#leaveDue(node.sliceRows)
  }

  advance(watermark: number): void {
    if (!this.#node.usesStreamTime) this.#time = watermark
  }

  drain(budget: number): boolean {
    const line = this.#line
    let left = this.#leaveDue(budget)
    while (left >= 0) {
      if (line === undefined || this.#waiting.starved || line.next() !== 'row') return false
      if (left === 0) return true
      this.#turnOfLine(line)
      left = this.#leaveDue(left - 1)
    }
    return true
  }

  #lineUp(line: RowLine, key: unknown, value: unknown, time: number): void {
    try {
      const bytes = value === null ? undefined : this.#options.value.encode(value)
      line.push(0, key, bytes, time, false)
    } catch (error) {
      this.#node.counters.taken++
      this.#node.fail(error)
    }
  }

  #turnOfLine(line: RowLine): void {
    const { row } = this.#node
    const { time: timeBefore } = row
    const { key, value: bytes, time } = line
    const value = bytes === undefined ? null : this.#options.value.decode(bytes)
    line.shift()
    row.time = time
    this.#take(key, value, row)
    row.time = timeBefore
  }

  /** Returns what is left of the budget, or -1 while more is due. */
  #leaveDue(budget: number): number {
    const upTo = Math.max(this.#time, this.#node.time) - this.#options.graceMs
    for (let left = budget; ; left--) {
      const due = this.#waiting.first(upTo)
      if (due === undefined) return left
      if (left <= 0) return -1
      const { time, id, value } = due
      this.#waiting.delete(time, id)
      const key = this.#options.key.decode(keyOfWaitId(id))
      this.#left(key)
      this.#leave(key, value, time)
    }
  }

  #joinNow(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    let joined: unknown
    try {
      joined = this.#lookup.find(key, value, key, row.time)
    } catch (error) {
      node.fail(error)
      return
    }
    this.#lookup.pass(key, joined)
  }

  #wait(key: unknown, value: unknown, time: number): void {
    const { copy, key: serde } = this.#options
    const kept = copy === undefined ? value : copyOf(value, copy)
    const arrivals = this.#arrivals.get(key) ?? { next: 0, waiting: 0 }
    this.#waiting.put(time, waitId(serde.encode(key), arrivals.next), kept)
    arrivals.next++
    arrivals.waiting++
    this.#arrivals.put(key, arrivals)
  }

  #left(key: unknown): void {
    const arrivals = this.#arrivals.get(key)!
    arrivals.waiting--
    if (arrivals.waiting === 0) this.#arrivals.delete(key)
    else this.#arrivals.put(key, arrivals)
  }

  #leave(key: unknown, value: unknown, time: number): void {
    const node = this.#node
    const { counters } = node
    let joined: unknown
    try {
      joined = this.#lookup.find(key, value, key, time)
    } catch (error) {
      counters.absorbed-- // it ends here instead
      node.fail(error)
      return
    }
    if (joined === undefined) {
      counters.note('unmatched')
      return
    }
    counters.made++
    node.forward(key, joined, time)
  }
}
