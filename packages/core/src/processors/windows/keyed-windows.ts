/**
 * KeyedWindows: what aggregates over all kinds of windows have in common: their inputs, the state of a key, and what time makes of
 * it. What is due lies in the due store in the order in which it leaves, so a drain is stopped and resumed anywhere:
 *
 * - a window that closes: (the first T at which it is closed, 0, key). It is emitted, if finals are wanted, and stays.
 * - a key whose oldest window may be out of reach: (the T at which it was to be looked at, 1, key). One entry a key; what no row
 *   and no query can see any more goes without a trace, and the entry moves on to the window that is the oldest then.
 *
 * Under stream time each side of a cogroup has its own T, as each is a node in Kafka Streams: it says what is late among the rows
 * of the side. The highest of them says what goes, so a slow side may find nothing where it would be in time: the window begins
 * anew with each such row. Where finals are wanted, which Kafka Streams cannot for a cogroup, all sides have one T: a window that
 * was final takes no row of any side.
 *
 * Closes of one T come before the other, so a window is emitted before it goes. A subclass says how a row changes its key's
 * windows; it calls the user's functions first and changes state behind the last of them.
 *
 * Under stream time a row emits what it closes. Should that be on disk, further rows of the same push wait in line.
 */
import type { Due, DueStore } from '../../state/store.ts'
import type { Windowed } from '../../time/windows.ts'
import type { Node } from '../node.ts'
import type { Processor, Receiver, TableEntry, TableReader } from '../processor.ts'
import type { Row } from '../row.ts'
import { refusePromise } from '../refuse-promise.ts'
import { copyOf, givenTo } from '../copy.ts'
import { RowLine } from '../row-line.ts'
import type { EntryStores } from './entry-stores.ts'
import { KeyedEntries } from './keyed-entries.ts'
import type { Entry } from './keyed-entries.ts'
import type { WindowAggregate } from './options.ts'

export type KeyedWindowOptions<W, E> = Omit<WindowAggregate<W>, 'store'> & EntryStores<E>

export abstract class KeyedWindows<W, E extends Entry> implements Processor {
  readonly options: KeyedWindowOptions<W, E>
  readonly sides?: readonly Receiver[]
  readonly reader: TableReader
  node!: Node
  entries!: KeyedEntries<E>
  due!: DueStore<null>
  /** Rows show the windows that they change. */
  readonly updates: boolean
  /** Closed windows are shown. */
  readonly finals: boolean
  tellsOld = false
  /** For lookups of other nodes, which may come while a row changes the windows of its key. */
  #lookups!: KeyedEntries<E>
  #bound = -Infinity
  #owes = false
  #line: RowLine | undefined = undefined
  #firstResult = true

  constructor(options: KeyedWindowOptions<W, E>) {
    this.options = options
    this.updates = options.emit !== 'close'
    this.finals = options.emit !== 'update'
    this.reader = { get: (key) => this.#lookUp(key as Windowed<unknown>) }
    if (options.adds.length > 1)
      this.sides = options.adds.map((_, side) => ({
        process: (key: unknown, value: unknown, row: Row) =>
          this.#enter(key, value, row.time, side),
      }))
  }

  /** The row's part. It counts the row. */
  abstract take(key: unknown, value: unknown, time: number, side: number): void
  /** What was to close at this T; the key is selected. */
  abstract closeAt(key: unknown, at: number, id: Uint8Array): void
  /** The first T at which nobody can see it any more. */
  abstract forgottenAt(entry: E): number
  /** Where an entry of that window would stand. */
  abstract placeOf(windowed: Windowed<unknown>): number
  /** The entry there, if it is that window. */
  abstract seen(entry: E, windowed: Windowed<unknown>): TableEntry | undefined

  open(node: Node): void {
    const { store, parts, due, line, facts, adds, key } = this.options
    this.node = node
    this.tellsOld = facts.tellsOld
    const heads = node.store(store)
    const rest = node.store(parts)
    this.entries = new KeyedEntries<E>(heads, rest)
    this.#lookups = new KeyedEntries<E>(heads, rest)
    this.due = node.store(due)
    if (line !== undefined) this.#line = new RowLine(node.store(line.store), key)
    if (adds.length > 1 && !this.finals) node.sideTimes = adds.map(() => -Infinity)
  }

  process(key: unknown, value: unknown, row: Row): void {
    this.#enter(key, value, row.time, 0)
  }

  advance(watermark: number): void {
    if (!this.node.usesStreamTime) this.#bound = watermark
  }

  /** T as far as closes and lookups go: within an advance rows still see the one before. */
  get now(): number {
    const { time } = this.node
    return this.#bound > time ? this.#bound : time
  }

  /** T for a row of this side, which counts for it. */
  observe(time: number, side: number): number {
    const { node } = this
    const T = node.observe(time, side)
    return node.usesStreamTime ? T : this.now
  }

  drain(budget: number): boolean {
    const line = this.#line
    let left = this.#fireDue(budget)
    while (left >= 0) {
      if (line === undefined || this.due.starved || line.next() !== 'row') return false
      if (left === 0) return true
      this.#turnOfLine(line)
      left = this.#fireDue(left - 1)
    }
    return true
  }

  /** Returns what is left of the budget, or -1 while more is due. */
  #fireDue(budget: number): number {
    const upTo = this.now
    for (let left = budget; ; left--) {
      const next = this.due.first(upTo)
      if (next === undefined) return left
      if (left <= 0) return -1
      this.#fire(next)
    }
  }

  #enter(key: unknown, value: unknown, time: number, side: number): void {
    const { node } = this
    if (key === null || key === undefined) {
      node.counters.taken++
      node.drop('null-key')
      return
    }
    // Another row of the same push: nothing passes an unfinished drain.
    while (this.#owes) this.#owes = this.#fireDue(node.sliceRows) < 0
    const line = this.#line
    if (line !== undefined && (this.due.starved || !line.empty)) {
      this.#lineUp(line, key, value, time, side)
      return
    }
    node.counters.taken++
    this.take(key, value, time, side)
    if (node.usesStreamTime) this.#owes = this.#fireDue(node.sliceRows) < 0
  }

  #lineUp(line: RowLine, key: unknown, value: unknown, time: number, side: number): void {
    try {
      const bytes = value === null ? undefined : this.options.line!.values[side]!.encode(value)
      line.push(side, key, bytes, time, false)
    } catch (error) {
      this.node.counters.taken++
      this.node.fail(error)
    }
  }

  #turnOfLine(line: RowLine): void {
    const { node, options } = this
    const { row } = node
    const { time: timeBefore } = row
    const { key, value: bytes, time, side } = line
    const value = bytes === undefined ? null : options.line!.values[side]!.decode(bytes)
    line.shift()
    row.time = time
    node.counters.taken++
    this.take(key, value, time, side)
    row.time = timeBefore
  }

  #fire({ time, id }: Due<null>): void {
    const key = this.options.key.decode(id.subarray(1))
    const known = this.entries.select(key)
    if (id[0] === dueTo.forget) this.#forget(time, id, known)
    else {
      this.due.delete(time, id)
      if (known) this.closeAt(key, time, id)
    }
  }

  /** Lets go what is out of reach at this T, and not at the newest: what closes before comes before. */
  #forget(time: number, id: Uint8Array, known: boolean): void {
    const { entries, due } = this
    if (known && entries.forgetAt === time) {
      let left = this.node.sliceRows
      for (let oldest = entries.first; oldest !== undefined; oldest = entries.first) {
        const at = this.forgottenAt(oldest)
        if (at > time) {
          entries.forgetAt = at
          due.put(at, id, null)
          break
        }
        if (left-- === 0) return
        entries.remove(oldest.at)
      }
    }
    due.delete(time, id)
  }

  /** A window that was not there; its key is selected. */
  add(key: unknown, entry: E): void {
    const { entries } = this
    const { known } = entries
    const at = this.forgottenAt(entry)
    entries.insert(entry)
    if (known && entries.forgetAt <= at) return
    const id = this.idOf(key, dueTo.forget)
    if (known) this.due.delete(entries.forgetAt, id)
    entries.forgetAt = at
    this.due.put(at, id, null)
  }

  idOf(key: unknown, what: number): Uint8Array {
    const bytes = this.options.key.encode(key)
    const id = new Uint8Array(bytes.length + 1)
    id[0] = what
    id.set(bytes, 1)
    return id
  }

  /** What an aggregator gave: null is no aggregate. */
  resultOf(aggregate: unknown): unknown {
    if (this.#firstResult)
      this.#firstResult = refusePromise(aggregate, this.node.name, 'mapValuesAsync')
    return aggregate ?? null
  }

  /** What the user's function is given of an aggregate that is kept. */
  given(aggregate: unknown): unknown {
    return givenTo(this.node, aggregate, this.options.value)
  }

  /** An old value to tell, copied before the aggregator runs. */
  oldOf(aggregate: unknown): unknown {
    return this.tellsOld && this.updates ? copyOf(aggregate, this.options.value) : undefined
  }

  /**
   * Of a window that was not there: nothing. Kafka Streams tells what the new one was made from, and under its clock so do we: it
   * shows in filters and in groups of a windowed table.
   */
  oldOfNew(madeFrom: unknown): unknown {
    return this.node.usesStreamTime ? this.oldOf(madeFrom) : undefined
  }

  show(windowed: Windowed<unknown>, value: unknown, old: unknown, time: number): void {
    this.node.change(windowed, value, this.tellsOld ? (old ?? null) : undefined, time)
  }

  /** With updates the table below has the value already. */
  showFinal(windowed: Windowed<unknown>, value: unknown, time: number): void {
    const { node } = this
    const old = this.updates ? value : null
    node.counters.made++
    node.change(windowed, value, this.tellsOld ? old : undefined, time, true, true)
  }

  #lookUp(windowed: Windowed<unknown>): TableEntry | undefined {
    if (!this.#lookups.select(windowed.key)) return undefined
    const entry = this.#lookups.find(this.placeOf(windowed))
    return entry === undefined || this.forgottenAt(entry) <= this.now
      ? undefined
      : this.seen(entry, windowed)
  }
}

export const dueTo: { readonly close: 0; readonly forget: 1 } = { close: 0, forget: 1 }
