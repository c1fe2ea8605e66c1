/**
 * The cache of decoded values, one for all tasks of a worker, bounded by count and by bytes (law 7). It holds clean entries
 * only: what the disk has. An entry that becomes dirty is taken out, so that whatever is in here may go at any time.
 *
 * The least recently used goes first, by second chance: a read only sets a mark, and an entry with a mark goes round once more
 * instead of out. So a hit writes one field, not a list. (Not taken: an exact list, which moves the entry on each read.)
 */
export abstract class Cached {
  /** It was read since it came in, or since it was last spared. */
  used: boolean = false
  /** In bytes; 0 while it is not in the cache. */
  weight: number = 0
  newer: Cached | undefined = undefined
  older: Cached | undefined = undefined

  /** The cache has let it go. */
  abstract evicted(): void

  /** Its store is closed. */
  abstract readonly gone: boolean
}

export interface CacheBounds {
  readonly bytesMax: number
  readonly entriesMax: number
}

export class Cache {
  readonly #bounds: CacheBounds
  #newest: Cached | undefined = undefined
  #oldest: Cached | undefined = undefined
  #bytes = 0
  #size = 0

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** An entry that is not in it. Others may be evicted, and this one if it alone is too large. */
  add(entry: Cached, weight: number): void {
    entry.weight = weight
    entry.used = false
    this.#bytes += weight
    this.#size++
    this.#link(entry)
    while (this.#size > this.#bounds.entriesMax || this.#bytes > this.#bounds.bytesMax) {
      const oldest = this.#oldest!
      this.#unlink(oldest)
      if (oldest.used) {
        oldest.used = false
        this.#link(oldest)
        continue
      }
      this.#forget(oldest)
      oldest.evicted()
    }
  }

  /** Nothing happens to one that is not in it. */
  remove(entry: Cached): void {
    if (entry.weight === 0) return
    this.#unlink(entry)
    this.#forget(entry)
  }

  /** Entries of closed stores go, without a word to them. */
  sweep(): void {
    for (let entry = this.#newest; entry !== undefined;) {
      const next = entry.older
      if (entry.gone) this.remove(entry)
      entry = next
    }
  }

  #forget(entry: Cached): void {
    this.#bytes -= entry.weight
    this.#size--
    entry.weight = 0
  }

  #link(entry: Cached): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Cached): void {
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = undefined
    entry.older = undefined
  }
}
