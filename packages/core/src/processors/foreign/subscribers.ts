/**
 * Subscribers: the left keys that wait for a right row, with the hash of the left value they wait for, in the order of the key bytes.
 * All subscribers of one foreign key are read together, so they lie in one value; beyond `partMax` of them in parts: the lowest in the
 * first value, with a directory of the parts behind it. So a change costs one part, however many there are.
 */
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../../state/byte-order.ts'
import type { KeyValueStore } from '../../state/store.ts'

/** Left keys in order, each with its hash. */
export interface Part {
  readonly keys: Uint8Array[]
  readonly hashes: Uint8Array[]
}

export interface FirstPart extends Part {
  /** The parts behind, in order: the lowest key each may hold, and its number. */
  readonly more: { readonly from: Uint8Array; readonly part: number }[]
  next: number
}

/** A part behind the first: of this foreign key, in bytes. */
export type PartKey = readonly [foreign: Uint8Array, part: number]

export class Subscribers {
  readonly #firsts: KeyValueStore<unknown, FirstPart>
  readonly #parts: KeyValueStore<PartKey, Part>
  readonly #foreign: Serde<unknown>
  readonly #partMax: number

  constructor(
    firsts: KeyValueStore<unknown, FirstPart>,
    parts: KeyValueStore<PartKey, Part>,
    foreign: Serde<unknown>,
    partMax: number = 256,
  ) {
    this.#firsts = firsts
    this.#parts = parts
    this.#foreign = foreign
    this.#partMax = partMax
  }

  put(foreign: unknown, key: Uint8Array, hash: Uint8Array): void {
    const first = this.#firsts.get(foreign) ?? { keys: [], hashes: [], more: [], next: 1 }
    const entry = entryOf(first, key)
    const part = this.#part(foreign, first, entry)
    const at = lowerBound(part.keys, key)
    if (at < part.keys.length && compareBytes(part.keys[at]!, key) === 0) {
      part.hashes[at] = hash
    } else {
      part.keys.splice(at, 0, key)
      part.hashes.splice(at, 0, hash)
      if (part.keys.length > this.#partMax) {
        this.#split(foreign, first, entry, part)
        return
      }
    }
    this.#save(foreign, first, entry, part)
  }

  remove(foreign: unknown, key: Uint8Array): void {
    const first = this.#firsts.get(foreign)
    if (first === undefined) return
    const entry = entryOf(first, key)
    const part = this.#part(foreign, first, entry)
    const at = lowerBound(part.keys, key)
    if (at === part.keys.length || compareBytes(part.keys[at]!, key) !== 0) return
    part.keys.splice(at, 1)
    part.hashes.splice(at, 1)
    if (part.keys.length > 0) {
      this.#save(foreign, first, entry, part)
    } else if (entry >= 0) {
      this.#parts.delete(this.#keyOf(foreign, first.more[entry]!.part))
      first.more.splice(entry, 1)
      this.#saveFirst(foreign, first)
    } else this.#saveFirst(foreign, first)
  }

  /** The subscribers of one part that are the next behind a key (undefined: from the lowest on), and where they begin in it. */
  behind(foreign: unknown, key: Uint8Array | undefined): Page | undefined {
    const first = this.#firsts.get(foreign)
    if (first === undefined) return undefined
    let entry = key === undefined ? -1 : entryOf(first, key)
    let part = this.#part(foreign, first, entry)
    let from = key === undefined ? 0 : lowerBound(part.keys, key)
    if (key !== undefined && from < part.keys.length && compareBytes(part.keys[from]!, key) === 0)
      from++
    while (from >= part.keys.length) {
      entry++
      if (entry >= first.more.length) return undefined
      part = this.#part(foreign, first, entry)
      from = 0
    }
    return { part, from }
  }

  /** Of this entry of the directory; -1: the first part. */
  #part(foreign: unknown, first: FirstPart, entry: number): Part {
    return entry < 0 ? first : this.#parts.get(this.#keyOf(foreign, first.more[entry]!.part))!
  }

  #save(foreign: unknown, first: FirstPart, entry: number, part: Part): void {
    if (entry < 0) this.#firsts.put(foreign, first)
    else this.#parts.put(this.#keyOf(foreign, first.more[entry]!.part), part)
  }

  #saveFirst(foreign: unknown, first: FirstPart): void {
    if (first.keys.length === 0 && first.more.length === 0) this.#firsts.delete(foreign)
    else this.#firsts.put(foreign, first)
  }

  #split(foreign: unknown, first: FirstPart, entry: number, part: Part): void {
    const half = part.keys.length >>> 1
    const upper: Part = { keys: part.keys.splice(half), hashes: part.hashes.splice(half) }
    const number = first.next++
    first.more.splice(entry + 1, 0, { from: upper.keys[0]!, part: number })
    this.#parts.put(this.#keyOf(foreign, number), upper)
    if (entry >= 0) this.#save(foreign, first, entry, part)
    this.#firsts.put(foreign, first)
  }

  #keyOf(foreign: unknown, part: number): PartKey {
    return [this.#foreign.encode(foreign), part]
  }
}

export interface Page {
  readonly part: Part
  readonly from: number
}

/** The last part that begins at or below the key. */
function entryOf({ more }: FirstPart, key: Uint8Array): number {
  let low = 0
  let high = more.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(more[middle]!.from, key) <= 0) low = middle + 1
    else high = middle
  }
  return low - 1
}

function lowerBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(keys[middle]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Behind the bytes of the foreign key four bytes with the number of the part. */
export const partKeys: Serde<PartKey> = Object.freeze({
  name: 'foreign-part',
  encode: ([foreign, part]: PartKey) => {
    const bytes = new Uint8Array(foreign.length + 4)
    bytes.set(foreign)
    new DataView(bytes.buffer).setUint32(foreign.length, part)
    return bytes
  },
  decode: (bytes: Uint8Array): PartKey => {
    const at = bytes.length - 4
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return [bytes.slice(0, at), view.getUint32(at)]
  },
})
