/**
 * SideRows: the rows of one side of a stream-stream join that may find a partner yet, by key. A row reads the other side's by one
 * look-up of its key; of a hot key it touches the parts that its window meets, and no others.
 *
 * Rows leave by time: each key that has rows has one entry in the expiry store, at the time of the row that was its last when the
 * entry was made. Once that row is dead the key is looked at again. A few are looked at with each row, so that nothing is owed:
 * purging shows in no result, because readers leave out the dead themselves.
 */
import type { Serde } from '../../serde/serde.ts'
import type { Due, DueStore, KeyValueStore } from '../../state/store.ts'
import { lowerBound } from '../../state/sorted-times.ts'
import { KeyRows, Part } from './key-rows.ts'
import type { PartRef } from './key-rows.ts'
import { numberedId } from './numbered-id.ts'

/** Keys that a row looks at for dead rows, and parts of one of them that it drops. */
const keysPurgedMax = 4
const partsPurgedMax = 16

/** What a row found on the other side, in the order of (time, arrival). Reused from row to row. */
export class FoundRows {
  times: number[] = []
  numbers: number[] = []
  values: Uint8Array[] = []

  clear(): void {
    if (this.times.length > 1_000) {
      this.times = []
      this.numbers = []
      this.values = []
    } else {
      this.times.length = 0
      this.numbers.length = 0
      this.values.length = 0
    }
  }

  add(part: Part, from: number, to: number): void {
    const { times, numbers, values } = part
    for (let i = lowerBound(times, from); i < times.length && times[i]! <= to; i++) {
      this.times.push(times[i]!)
      this.numbers.push(numbers[i]!)
      this.values.push(values[i]!)
    }
  }
}

export interface SideRowsStores {
  readonly rows: KeyValueStore<unknown, KeyRows>
  readonly parts: KeyValueStore<Uint8Array, Part>
  readonly expiry: DueStore<null>
}

export class SideRows {
  readonly #key: Serde<unknown>
  readonly #rows: KeyValueStore<unknown, KeyRows>
  /** Parts of hot keys, by (key, id). */
  readonly #parts: KeyValueStore<Uint8Array, Part>
  readonly #expiry: DueStore<null>

  constructor(key: Serde<unknown>, { rows, parts, expiry }: SideRowsStores) {
    this.#key = key
    this.#rows = rows
    this.#parts = parts
    this.#expiry = expiry
  }

  /** The rows of the key with from <= time <= to. */
  read(key: unknown, from: number, to: number, found: FoundRows): void {
    const rows = this.#rows.get(key)
    if (rows === undefined) return
    if (rows.only !== undefined) {
      found.add(rows.only, from, to)
      return
    }
    const { parts } = rows
    const bytes = this.#key.encode(key)
    for (let at = endingFrom(parts, from); at < parts.length && parts[at]!.first <= to; at++)
      found.add(this.#part(bytes, parts[at]!), from, to)
  }

  /** Keeps a row; rows before `deadBelow` are no longer needed. Answers which row of its key it is. */
  add(key: unknown, time: number, value: Uint8Array, deadBelow: number): number {
    let rows = this.#rows.get(key)
    if (rows === undefined) {
      rows = new KeyRows()
      this.#expiry.put(time, this.#key.encode(key), null)
    }
    const number = rows.arrived++
    if (rows.only?.full === true) {
      rows.only.dropBelow(deadBelow)
      if (rows.only.full) this.#spread(rows, rows.only, key)
    }
    if (rows.only === undefined) this.#addToParts(rows, key, time, number, value, deadBelow)
    else rows.only.insert(time, number, value)
    this.#rows.put(key, rows)
    return number
  }

  /** Some of what is dead is dropped. */
  purge(deadBelow: number): void {
    for (let keys = 0; keys < keysPurgedMax; keys++) {
      const due = this.#expiry.first(deadBelow)
      if (due === undefined || due.time >= deadBelow) return
      this.#expire(due, deadBelow)
    }
  }

  /** The rows no longer fit into one value. */
  #spread(rows: KeyRows, only: Part, key: unknown): void {
    const ref = { id: rows.nextId++, first: only.first, last: only.last }
    rows.only = undefined
    rows.parts.push(ref)
    this.#parts.put(numberedId(this.#key.encode(key), ref.id), only)
  }

  #addToParts(
    rows: KeyRows,
    key: unknown,
    time: number,
    number: number,
    value: Uint8Array,
    deadBelow: number,
  ): void {
    const bytes = this.#key.encode(key)
    const { parts } = rows
    const at = beginningUpTo(parts, time)
    let ref = parts[at]!
    let part = this.#part(bytes, ref)
    const full = part.full
    if (full && at === parts.length - 1 && time >= ref.last) {
      part = new Part()
      ref = { id: rows.nextId++, first: time, last: time }
      parts.push(ref)
    } else if (full) {
      const upper = part.splitOff()
      const upperRef = { id: rows.nextId++, first: upper.first, last: upper.last }
      parts.splice(at + 1, 0, upperRef)
      ref.last = part.last
      if (time < upper.first) this.#parts.put(numberedId(bytes, upperRef.id), upper)
      else {
        this.#parts.put(numberedId(bytes, ref.id), part)
        part = upper
        ref = upperRef
      }
    }
    part.insert(time, number, value)
    ref.first = Math.min(ref.first, time)
    ref.last = Math.max(ref.last, time)
    this.#parts.put(numberedId(bytes, ref.id), part)
    if (full) this.#dropParts(rows, bytes, deadBelow, 2)
  }

  #expire(due: Due<null>, deadBelow: number): void {
    const bytes = due.id.slice()
    const key = this.#key.decode(bytes)
    this.#expiry.delete(due.time, bytes)
    const rows = this.#rows.get(key)
    if (rows === undefined) return
    let more = false
    if (rows.only !== undefined) rows.only.dropBelow(deadBelow)
    else {
      more = this.#dropParts(rows, bytes, deadBelow, partsPurgedMax)
      if (rows.parts.length === 1) this.#gather(rows, bytes, deadBelow)
    }
    if (rows.empty) {
      this.#rows.delete(key)
      return
    }
    this.#rows.put(key, rows)
    this.#expiry.put(more ? due.time : rows.last, bytes, null)
  }

  /** Drops the dead among the first `max` parts. True if the next one is dead, too. */
  #dropParts(rows: KeyRows, bytes: Uint8Array, deadBelow: number, max: number): boolean {
    const { parts } = rows
    let dead = 0
    while (dead < parts.length && dead < max && parts[dead]!.last < deadBelow)
      this.#parts.delete(numberedId(bytes, parts[dead++]!.id))
    if (dead > 0) parts.splice(0, dead)
    return parts.length > 0 && parts[0]!.last < deadBelow
  }

  /** The only part left is one value with its key again. */
  #gather(rows: KeyRows, bytes: Uint8Array, deadBelow: number): void {
    const ref = rows.parts[0]!
    const only = this.#part(bytes, ref)
    this.#parts.delete(numberedId(bytes, ref.id))
    only.dropBelow(deadBelow)
    rows.parts = []
    rows.only = only
  }

  #part(key: Uint8Array, { id }: PartRef): Part {
    return this.#parts.get(numberedId(key, id))!
  }
}

/** Index of the last part that begins at or before the time, else 0: where a row of that time belongs. */
function beginningUpTo(parts: readonly PartRef[], time: number): number {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (parts[middle]!.first <= time) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** Index of the first part that ends at or behind the time. */
function endingFrom(parts: readonly PartRef[], time: number): number {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (parts[middle]!.last < time) low = middle + 1
    else high = middle
  }
  return low
}
