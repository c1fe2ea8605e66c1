/**
 * Sorted keys of a store, in memory, in chunks: an insert moves at most one chunk, a look-up is two binary searches. Bounded:
 * one key more than `max` is an error that names the option (law 7).
 */
import { MillraceError } from '../errors.ts'
import { compareBytes } from './byte-order.ts'

const chunkMax = 512

export interface Keyed {
  readonly bytes: Uint8Array
}

export class SortedKeys<E extends Keyed> {
  readonly #store: string
  readonly #max: number
  /** None is empty. */
  readonly #chunks: E[][] = []
  #size = 0

  constructor(store: string, max: number) {
    this.#store = store
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  get first(): E | undefined {
    return this.#chunks[0]?.[0]
  }

  get last(): E | undefined {
    return this.#chunks.at(-1)?.at(-1)
  }

  /** The key is not there yet. */
  add(entry: E): void {
    if (this.#size >= this.#max)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the ordered store ${this.#store} has ${this.#max} keys, and their order is kept in memory: raise its orderedKeysMax, or let rows expire`,
      )
    this.#size++
    const at = this.#chunkOf(entry.bytes)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([entry])
      return
    }
    chunk.splice(lowerBound(chunk, entry.bytes), 0, entry)
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2))
  }

  remove(entry: E): void {
    const at = this.#chunkOf(entry.bytes)
    const chunk = this.#chunks[at]
    const index = chunk === undefined ? -1 : lowerBound(chunk, entry.bytes)
    if (chunk?.[index] !== entry) return
    this.#size--
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** Entries in [from, to), at most `limit`, from one end. A copy: the keys may change while it is read. */
  between(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
    limit: number,
  ): E[] {
    return reverse ? this.#down(from, to, limit) : this.#up(from, to, limit)
  }

  #up(from: Uint8Array | undefined, to: Uint8Array | undefined, limit: number): E[] {
    const found: E[] = []
    let at = from === undefined ? 0 : this.#chunkOf(from)
    let index = from === undefined ? 0 : lowerBound(this.#chunks[at] ?? [], from)
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at]!
      for (; index < chunk.length; index++) {
        const entry = chunk[index]!
        if (found.length >= limit || (to !== undefined && compareBytes(entry.bytes, to) >= 0))
          return found
        found.push(entry)
      }
    }
    return found
  }

  #down(from: Uint8Array | undefined, to: Uint8Array | undefined, limit: number): E[] {
    const found: E[] = []
    let at = to === undefined ? this.#chunks.length - 1 : this.#chunkOf(to)
    let index = lastBelow(this.#chunks[at], to)
    for (; at >= 0; index = lastBelow(this.#chunks[--at], undefined)) {
      for (; index >= 0; index--) {
        const entry = this.#chunks[at]![index]!
        if (found.length >= limit || (from !== undefined && compareBytes(entry.bytes, from) < 0))
          return found
        found.push(entry)
      }
    }
    return found
  }

  /** The chunk in which the key is or belongs: the last one that begins at or before it. */
  #chunkOf(bytes: Uint8Array): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.#chunks[middle]![0]!.bytes, bytes) <= 0) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** The first index at or behind the key. */
function lowerBound(chunk: readonly Keyed[], bytes: Uint8Array): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(chunk[middle]!.bytes, bytes) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function lastBelow(chunk: readonly Keyed[] | undefined, to: Uint8Array | undefined): number {
  if (chunk === undefined) return -1
  return (to === undefined ? chunk.length : lowerBound(chunk, to)) - 1
}
