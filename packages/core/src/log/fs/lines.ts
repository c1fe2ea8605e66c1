/**
 * Cuts bytes into lines: '\n' or '\r\n' ends one, the end of the file ends the last. Empty lines
 * are skipped; the position moves on. Of a line above the cap its first `lineBytesMax + 1` bytes
 * are kept, so that whoever decodes it sees that it is too long and no line holds more memory than
 * that. Bytes are never copied but for lines across chunks.
 */
export interface Lines {
  readonly lines: readonly Uint8Array[]
  /** Position behind each line. */
  readonly positions: readonly number[]
  /** Position behind the last newline. */
  readonly next: number
}

const newline = 0x0a
const carriageReturn = 0x0d

export class LineCutter {
  readonly #lineBytesMax: number
  /** The beginning of a line whose end has not been seen. */
  #begun: Uint8Array[] = []
  #begunBytes = 0
  /** Position behind the last newline, and behind everything seen. */
  #next: number
  #seen: number
  /** Of the line that was begun: the last byte, which the cap may have cut off. */
  #lastByte = -1

  constructor(from: number, lineBytesMax: number) {
    this.#next = from
    this.#seen = from
    this.#lineBytesMax = lineBytesMax
  }

  push(chunk: Uint8Array): Lines {
    const lines: Uint8Array[] = []
    const positions: number[] = []
    let from = 0
    for (;;) {
      const at = chunk.indexOf(newline, from)
      if (at < 0) break
      this.#next = this.#seen + at + 1
      this.#begin(chunk, from, at)
      this.#finish(lines, positions)
      from = at + 1
    }
    this.#begin(chunk, from, chunk.length)
    this.#seen += chunk.length
    return { lines, positions, next: this.#next }
  }

  /** The last line needs no newline. */
  end(): Lines {
    const lines: Uint8Array[] = []
    const positions: number[] = []
    this.#next = this.#seen
    this.#finish(lines, positions)
    return { lines, positions, next: this.#next }
  }

  #begin(chunk: Uint8Array, from: number, to: number): void {
    if (to === from) return
    this.#lastByte = chunk[to - 1]!
    // The byte behind the cap shows that there is more; a '\r' there may yet be part of the line's
    // end.
    const room = this.#lineBytesMax + 2 - this.#begunBytes
    if (room <= 0) return
    const piece = chunk.subarray(from, Math.min(to, from + room))
    this.#begun.push(piece)
    this.#begunBytes += piece.length
  }

  #finish(lines: Uint8Array[], positions: number[]): void {
    if (this.#begunBytes > 0) {
      let line = this.#begun.length === 1 ? this.#begun[0]! : Buffer.concat(this.#begun)
      if (line.length <= this.#lineBytesMax + 1 && this.#lastByte === carriageReturn)
        line = line.subarray(0, -1)
      else line = line.subarray(0, this.#lineBytesMax + 1)
      if (line.length > 0) {
        lines.push(line)
        positions.push(this.#next)
      }
    }
    this.#begun = []
    this.#begunBytes = 0
    this.#lastByte = -1
  }
}
