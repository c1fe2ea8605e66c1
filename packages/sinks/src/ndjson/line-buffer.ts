/**
 * The lines of a commit as one run of UTF-8 bytes. Rows are encoded on entry, because the object belongs to the row in
 * progress. `take` gives the bytes away and begins anew.
 */
const bytesAtFirst = 4 * 1024
const newline = 0x0a

export class LineBuffer {
  #buffer: Buffer = Buffer.alloc(0)
  #bytes = 0
  #lines = 0

  get bytes(): number {
    return this.#bytes
  }

  get lines(): number {
    return this.#lines
  }

  add(text: string): void {
    const length = Buffer.byteLength(text, 'utf8')
    this.#reserve(length + 1)
    this.#buffer.write(text, this.#bytes, length, 'utf8')
    this.#buffer[this.#bytes + length] = newline
    this.#bytes += length + 1
    this.#lines++
  }

  take(): { readonly lines: number; readonly bytes: Uint8Array } {
    const taken = { lines: this.#lines, bytes: this.#buffer.subarray(0, this.#bytes) }
    this.#buffer = Buffer.alloc(0)
    this.#bytes = 0
    this.#lines = 0
    return taken
  }

  #reserve(more: number): void {
    const needed = this.#bytes + more
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, bytesAtFirst))
    this.#buffer.copy(larger, 0, 0, this.#bytes)
    this.#buffer = larger
  }
}
