/**
 * KeyedEntries: all windows of a key, in order of time. They are one value while they are few; a key with very many has them in
 * parts, and its value says which part begins where. So a row reads and writes one or two parts, however many windows its key has.
 *
 * `select` a key, then ask: each call is about that key until the next `select`. `ceiling` and `floor` set a cursor, `next` and
 * `previous` move it; `insert` and `remove` end it. A part is put once per `select`: no freeze comes between that and the next one.
 */
import type { KeyValueStore } from '../../state/store.ts'

export interface Entry {
  /** Distinct among the entries of a key, and what they are ordered by. */
  readonly at: number
}

export interface Part<E> {
  entries: E[]
  /** The `select` in which it was last put. Not stored. */
  putIn: number
}

/** What lies under a key. While there are no parts, it is the only one itself. */
export interface Head<E> extends Part<E> {
  /** The T at which its oldest entry is looked at again. */
  forgetAt: number
  /** Of each part, ascending: the `at` of its first entry, and its number. */
  lows: number[]
  numbers: number[]
  nextNumber: number
}

export interface PartKey {
  key: unknown
  part: number
}

export class KeyedEntries<E extends Entry> {
  readonly #heads: KeyValueStore<unknown, Head<E>>
  readonly #parts: KeyValueStore<PartKey, Part<E>>
  readonly #partKey: PartKey = { key: undefined, part: 0 }
  #head: Head<E> | undefined = undefined
  #selects = 0
  /** The part at hand, its place among the parts, and its number (-1: the head itself). */
  #part!: Part<E>
  #place = 0
  #number = -1
  #index = 0

  constructor(heads: KeyValueStore<unknown, Head<E>>, parts: KeyValueStore<PartKey, Part<E>>) {
    this.#heads = heads
    this.#parts = parts
  }

  /** True if the key has entries. */
  select(key: unknown): boolean {
    this.#selects++
    this.#partKey.key = key
    this.#head = this.#heads.get(key)
    this.#number = -1
    return this.#head !== undefined
  }

  get known(): boolean {
    return this.#head !== undefined
  }

  get forgetAt(): number {
    return this.#head!.forgetAt
  }

  set forgetAt(forgetAt: number) {
    this.#head!.forgetAt = forgetAt
    this.#putHead()
  }

  get first(): E | undefined {
    return this.#head === undefined ? undefined : this.#open(0).entries[0]
  }

  find(at: number): E | undefined {
    const head = this.#head
    if (head !== undefined && head.numbers.length === 0 && head.entries.length === 1) {
      // One window open: the common case.
      const only = head.entries[0]!
      return only.at === at ? only : undefined
    }
    const entry = this.ceiling(at)
    return entry?.at === at ? entry : undefined
  }

  /** The first entry at that time or behind it. */
  ceiling(at: number): E | undefined {
    if (this.#head === undefined) return undefined
    const { entries } = this.#seek(at)
    this.#index = lowerBound(entries, at)
    return this.#index < entries.length ? entries[this.#index] : this.next()
  }

  /** The last entry at that time or before it. */
  floor(at: number): E | undefined {
    if (this.#head === undefined) return undefined
    const { entries } = this.#seek(at)
    this.#index = lowerBound(entries, at)
    return entries[this.#index]?.at === at ? entries[this.#index] : this.previous()
  }

  next(): E | undefined {
    const { entries } = this.#part
    if (this.#index + 1 < entries.length) return entries[++this.#index]
    if (this.#place + 1 >= this.#head!.numbers.length) return undefined
    this.#index = 0
    return this.#open(this.#place + 1).entries[0]
  }

  previous(): E | undefined {
    if (this.#index > 0) return this.#part.entries[--this.#index]
    if (this.#place === 0) return undefined
    const { entries } = this.#open(this.#place - 1)
    this.#index = entries.length - 1
    return entries[this.#index]
  }

  insert(entry: E): void {
    if (this.#head === undefined) {
      this.#head = {
        forgetAt: 0,
        lows: none,
        numbers: none,
        nextNumber: 0,
        entries: [entry],
        putIn: 0,
      }
      this.#putHead()
      return
    }
    const part = this.#seek(entry.at)
    const index = lowerBound(part.entries, entry.at)
    part.entries.splice(index, 0, entry)
    if (index === 0) this.#noteLow()
    if (part.entries.length > entriesMax) this.#split(index)
    else this.#put()
  }

  /** An entry that was found has been changed in place. */
  changed(at: number): void {
    if (this.#head!.numbers.length > 0) this.#seek(at)
    else this.#number = -1
    this.#put()
  }

  /** Puts an entry where one was that has this place in the order. False: there was none. */
  replace(at: number, entry: E): boolean {
    if (this.#head === undefined) return false
    const { entries } = this.#seek(at)
    const index = lowerBound(entries, at)
    if (entries[index]?.at !== at) return false
    entries[index] = entry
    if (index === 0) this.#noteLow()
    this.#put()
    return true
  }

  remove(at: number): void {
    if (this.#head === undefined) return
    const { entries } = this.#seek(at)
    const index = lowerBound(entries, at)
    if (entries[index]?.at !== at) return
    entries.splice(index, 1)
    if (entries.length === 0) {
      this.#dropPart()
      return
    }
    if (index === 0) this.#noteLow()
    this.#put()
  }

  /** The part in which an entry of this time would be. */
  #seek(at: number): Part<E> {
    const { lows } = this.#head!
    let low = 0
    let high = lows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (lows[middle]! <= at) low = middle + 1
      else high = middle
    }
    return this.#open(low > 0 ? low - 1 : 0)
  }

  #open(place: number): Part<E> {
    const head = this.#head!
    const number = head.numbers[place] ?? -1
    this.#place = place
    if (number === -1) this.#part = head
    else if (number !== this.#number) this.#part = this.#parts.get(this.#keyOf(number))!
    this.#number = number
    return this.#part
  }

  #keyOf(number: number): PartKey {
    this.#partKey.part = number
    return this.#partKey
  }

  #put(): void {
    if (this.#number === -1) {
      this.#putHead()
      return
    }
    const part = this.#part
    if (part.putIn === this.#selects) return
    part.putIn = this.#selects
    this.#parts.put(this.#keyOf(this.#number), part)
  }

  #putHead(): void {
    const head = this.#head!
    if (head.putIn === this.#selects) return
    head.putIn = this.#selects
    this.#heads.put(this.#partKey.key, head)
  }

  /** The first entry of the part at hand has changed. */
  #noteLow(): void {
    if (this.#number === -1) return
    this.#head!.lows[this.#place] = this.#part.entries[0]!.at
    this.#putHead()
  }

  /** Where entries come in order, the lower part stays full: nothing will come into it. */
  #split(inserted: number): void {
    const head = this.#head!
    const { entries } = this.#part
    const upper = entries.splice(inserted === entries.length - 1 ? inserted : entries.length >>> 1)
    if (this.#number === -1) {
      head.entries = []
      this.#addPart(0, entries)
    } else this.#put()
    this.#addPart(this.#place + 1, upper)
  }

  #addPart(place: number, entries: E[]): void {
    const head = this.#head!
    const number = head.nextNumber++
    if (head.numbers.length === 0) {
      head.numbers = []
      head.lows = []
    }
    head.numbers.splice(place, 0, number)
    head.lows.splice(place, 0, entries[0]!.at)
    this.#putHead()
    this.#part = { entries, putIn: 0 }
    this.#place = place
    this.#number = number
    this.#put()
  }

  /** The part at hand is empty. */
  #dropPart(): void {
    const head = this.#head!
    if (this.#number === -1) {
      this.#heads.delete(this.#partKey.key)
      this.#head = undefined
      return
    }
    this.#takePart()
    if (head.numbers.length === 1) {
      head.entries = this.#open(0).entries
      this.#takePart()
    }
    this.#putHead()
  }

  #takePart(): void {
    const { lows, numbers } = this.#head!
    this.#parts.delete(this.#keyOf(this.#number))
    lows.splice(this.#place, 1)
    numbers.splice(this.#place, 1)
    this.#number = -1
  }
}

/** The index of the first entry at that time or behind it. */
function lowerBound(entries: readonly Entry[], at: number): number {
  let low = 0
  let high = entries.length
  // Rows mostly come in order.
  if (high > 0 && entries[high - 1]!.at < at) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

/** Shared by all keys without parts: two arrays less for each. Never changed. */
export const none: number[] = []

/** Entries of one value. */
const entriesMax = 128
