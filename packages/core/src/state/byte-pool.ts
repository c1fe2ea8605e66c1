/**
 * BytePool: keeps copies of small byte strings in shared chunks. A buffer of its own for each of a million keys costs the garbage
 * collector more than everything else about them. A chunk lives as long as any string in it, so this is for what mostly stays.
 */
const chunkMin = 1_024
const chunkMax = 65_536
const pooledMax = 1_024

export class BytePool {
  #chunk: Uint8Array = new Uint8Array(0)
  #used = 0

  keep(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    if (length > pooledMax) return Uint8Array.from(bytes)
    if (this.#used + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.min(chunkMax, Math.max(chunkMin, 2 * this.#chunk.length)))
      this.#used = 0
    }
    const start = this.#used
    this.#chunk.set(bytes, start)
    this.#used += length
    return this.#chunk.subarray(start, this.#used)
  }
}
