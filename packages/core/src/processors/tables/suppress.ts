/**
 * Suppress: holds back changes of a table, so that a key shows fewer of them: one, final, when its window closes, or the newest a while
 * after the first. A buffered key keeps the place of its first change in the order (buffer time, key bytes) and the value of its newest.
 *
 * | until | buffer time | leaves when | tombstones |
 * |---|---|---|---|
 * | window closes | end of the window | T has passed it by the grace (session: and the gap) | dropped: nobody saw the row |
 * | time limit | time of the first change | T has passed it by the limit | passed on |
 *
 * T is that of the stage; under stream time the highest time of the changes seen here, so that input without a change moves nothing.
 * What is due leaves first, then what the buffer has no room for, oldest first (or the task fails). Both are cursors: the due store is
 * what is owed, and a change that comes while something is owed, or may be and is on disk, waits in line (law 13).
 *
 * Kafka Streams lets windows whose end is included go one millisecond before they stop taking rows, which makes two final rows; and
 * it tells the old value of the newest change, though nobody below has seen that one. Under stream time this is kept, under the
 * watermark not (law 5).
 */
import { MillraceError } from '../../errors.ts'
import type { Serde } from '../../serde/serde.ts'
import type { DueStore, KeyValueStore, StoreSpec } from '../../state/store.ts'
import type { Windowed } from '../../time/windows.ts'
import { Line } from '../line.ts'
import type { Node } from '../node.ts'
import type { Processor, TableEntry, TableReader } from '../processor.ts'
import type { Row } from '../row.ts'

export interface Suppression {
  readonly until: 'windowCloses' | 'timeLimit'
  /** How far T must have passed the buffer time. */
  readonly waitMs: number
  /** The buffer time is an instant that still belongs to what is waited for. */
  readonly endIncluded: boolean
  /** Infinity: no bound. */
  readonly maxRecords: number
  readonly maxBytes: number
  readonly whenFull: 'emitEarly' | 'shutDown'
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly buffer: StoreSpec<KeyValueStore<unknown, Buffered>>
  readonly due: StoreSpec<DueStore<null>>
  readonly line: StoreSpec<DueStore<Change>>
  /** Bytes in the buffer; only where they are bounded. */
  readonly bytes: StoreSpec<KeyValueStore<string, number>> | undefined
}

/** Values are encoded on entry: those above may change their objects. Null: no row. */
export interface Change {
  /** Buffer time, if it is the first of its key. */
  readonly at: number
  readonly value: Uint8Array | null
  readonly old: Uint8Array | null
  readonly time: number
}

export interface Buffered {
  /** Buffer time. */
  readonly at: number
  /** The value before the first change in the buffer. */
  readonly prior: Uint8Array | null
  value: Uint8Array | null
  old: Uint8Array | null
  time: number
}

export class Suppress implements Processor {
  readonly reader: TableReader
  readonly #options: Suppression
  #node!: Node
  #buffer!: KeyValueStore<unknown, Buffered>
  #due!: DueStore<null>
  #line!: Line<Change>
  #bytes: KeyValueStore<string, number> | undefined
  /** T that is on its way through the stage. */
  #advanced = -Infinity
  /** Due rows, or rows without room, are left from the last slice, or are on disk. */
  #owes = false

  constructor(options: Suppression) {
    this.#options = options
    this.reader = { get: (key) => this.#read(key) }
  }

  open(node: Node): void {
    const { buffer, due, line, bytes } = this.#options
    this.#node = node
    this.#buffer = node.store(buffer)
    this.#due = node.store(due)
    this.#line = new Line(node.store(line))
    this.#bytes = bytes === undefined ? undefined : node.store(bytes)
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    const { counters } = node
    counters.taken++
    if (key === null) {
      node.drop('null-key')
      return
    }
    let id: Uint8Array
    let change: Change
    try {
      id = this.#options.key.encode(key)
      change = {
        at: this.#options.until === 'timeLimit' ? row.time : endOf(key),
        value: this.#encode(value),
        old: this.#encode(row.old),
        time: row.time,
      }
    } catch (error) {
      node.fail(error)
      return
    }
    counters.absorbed++
    if (this.#owes || !this.#line.empty) {
      this.#line.push(id, change)
      return
    }
    this.#hold(id, key, change)
    this.#emit(this.#node.sliceRows)
  }

  advance(watermark: number): void {
    this.#advanced = watermark
  }

  drain(budget: number): boolean {
    let left = this.#emit(budget)
    while (!this.#owes) {
      const waiting = this.#line.first
      if (waiting === undefined) return false
      if (left <= 0) return true
      this.#line.shift(waiting)
      this.#hold(waiting.id, this.#options.key.decode(waiting.id), waiting.value)
      left = this.#emit(left - 1)
    }
    return !this.#due.starved
  }

  #hold(id: Uint8Array, key: unknown, { at, value, old, time }: Change): void {
    this.#node.observe(time)
    const held = this.#buffer.get(key)
    if (held !== undefined) {
      this.#resize(sizeOf(value) + sizeOf(old) - sizeOf(held.value) - sizeOf(held.old))
      held.value = value
      held.old = old
      held.time = time
      this.#buffer.put(key, held)
      return
    }
    this.#due.put(at, id, null)
    this.#buffer.put(key, { at, prior: old, value, old, time })
    this.#resize(id.length + sizeOf(value) + 2 * sizeOf(old))
  }

  /** Emits what is due, then what there is no room for. Returns what is left of the budget. */
  #emit(budget: number): number {
    const due = this.#due
    const dueTo = this.#dueTo
    for (let left = budget; ; left--) {
      let next = due.first(dueTo)
      if (next === undefined && !due.starved && this.#full) {
        if (this.#options.whenFull === 'shutDown') this.#shutDown()
        next = due.first(Infinity)
      }
      this.#owes = next === undefined ? due.starved : left <= 0
      if (next === undefined || left <= 0) return left
      due.delete(next.time, next.id)
      this.#release(next.id)
    }
  }

  #release(id: Uint8Array): void {
    const node = this.#node
    const { key: keys, until } = this.#options
    const key = keys.decode(id)
    const { value, old, prior, time } = this.#buffer.get(key)!
    this.#buffer.delete(key)
    this.#resize(-(id.length + sizeOf(value) + sizeOf(old) + sizeOf(prior)))
    const final = until === 'windowCloses'
    if (final && value === null) return
    node.counters.made++
    const before = node.usesStreamTime ? old : prior
    node.change(key, this.#decode(value), this.#decode(before), time, true, final)
  }

  /** The highest buffer time that is due. Times are whole. */
  get #dueTo(): number {
    const { waitMs, endIncluded } = this.#options
    const node = this.#node
    if (node.usesStreamTime) return node.streamTime - waitMs
    const passed = Math.max(this.#advanced, node.time) - waitMs
    return endIncluded ? passed - 1 : passed
  }

  get #full(): boolean {
    const { maxRecords, maxBytes } = this.#options
    return this.#due.size > maxRecords || (this.#bytes?.get(total) ?? 0) > maxBytes
  }

  #resize(by: number): void {
    this.#bytes?.put(total, (this.#bytes.get(total) ?? 0) + by)
  }

  /** Whatever the policy for rows: the buffer holds the row already. */
  #shutDown(): never {
    const { maxRecords, maxBytes, until } = this.#options
    const records = this.#due.size > maxRecords
    const remedy = until === 'windowCloses' ? 'leave it out' : `say whenFull: 'emitEarly'`
    const error = new MillraceError(
      'MILLRACE_CONFIG',
      records
        ? `buffer full: suppress holds ${this.#due.size} rows and may hold ${maxRecords}: raise buffer.maxRecords, or ${remedy}`
        : `buffer full: suppress holds ${this.#bytes!.get(total)} bytes and may hold ${maxBytes}: raise buffer.maxBytes, or ${remedy}`,
    )
    this.#node.fail(error)
    throw new MillraceError('MILLRACE_NODE_FAILED', error.message, {
      at: { node: this.#node.name },
      cause: error,
    })
  }

  /** A buffered key looks as it did before its first change in the buffer, and nobody knows since when. */
  #read(key: unknown): TableEntry | undefined {
    const held = this.#buffer.get(key)
    if (held === undefined) return this.#node.tables[0]!.get(key)
    return held.prior === null ? undefined : { value: this.#decode(held.prior), time: -1 }
  }

  #encode(value: unknown): Uint8Array | null {
    return value === null || value === undefined ? null : this.#options.value.encode(value)
  }

  #decode(bytes: Uint8Array | null): unknown {
    return bytes === null ? null : this.#options.value.decode(bytes)
  }
}

function endOf(key: unknown): number {
  const { end } = key as Windowed<unknown>
  if (Number.isSafeInteger(end)) return end
  throw new MillraceError(
    'MILLRACE_TOPOLOGY',
    `suppress until 'windowCloses' met a key without a window: put it right behind the windowed aggregate, or suppress for a time limit`,
  )
}

function sizeOf(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : bytes.length
}

const total = 'bytes'
