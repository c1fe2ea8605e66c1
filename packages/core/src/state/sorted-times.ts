/** Distinct numbers in ascending order, in chunks: adding and removing moves at most one chunk, the lowest is at hand. */
const chunkMax = 512

export class SortedTimes {
  /** None is empty. */
  readonly #chunks: number[][] = []

  get first(): number | undefined {
    return this.#chunks[0]?.[0]
  }

  /** The time is not there yet. */
  add(time: number): void {
    const at = this.#chunkOf(time)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([time])
      return
    }
    chunk.splice(lowerBound(chunk, time), 0, time)
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2))
  }

  remove(time: number): void {
    const at = this.#chunkOf(time)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const index = lowerBound(chunk, time)
    if (chunk[index] !== time) return
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** A copy, ascending. */
  all(): number[] {
    return this.#chunks.flat()
  }

  #chunkOf(time: number): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]![0]! <= time) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** The first index whose time is at least this. */
export function lowerBound(chunk: readonly number[], time: number): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunk[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}
