/**
 * Records of the embedded log as bytes, and their index. Records do not know their offset: bytes of
 * neighbouring batches can be joined, and a section that a sink encoded is appended as it is.
 *
 *     record  := timestamp:f64  key:bytes  value:bytes  headers:u16  header*
 *     bytes   := length:i32 (-1 = null)  content
 *     header  := name:bytes  value:bytes
 *
 * Numbers are little-endian. Built for reading without copies: key and value are views into the
 * batch.
 */
import { MillraceError } from '../../errors.ts'

/** One record, encoded, as it goes into the log. */
export interface LogRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers?: ReadonlyMap<string, Uint8Array> | undefined
}

/** A run of records of one partition. */
export interface RecordRun {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Cap on one record (law 7): larger ones are refused before they are written. */
const recordBytesMax = 64 * 1024 * 1024
const fixedBytes = 8 + 4 + 4 + 2

/** Collects records of one partition in one growing buffer. */
export class RecordWriter {
  #buffer: Buffer = Buffer.allocUnsafe(1024)
  #length = 0
  #count = 0

  get bytes(): number {
    return this.#length
  }

  get count(): number {
    return this.#count
  }

  add(
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers?: ReadonlyMap<string, Uint8Array>,
  ): void {
    const size = fixedBytes + (key?.length ?? 0) + (value?.length ?? 0) + sizeOfHeaders(headers)
    if (size > recordBytesMax) {
      throw new MillraceError(
        'MILLRACE_RECORD_TOO_LARGE',
        `a record of ${size} bytes is above the embedded log's limit of ${recordBytesMax}: keep large content elsewhere and log a reference to it`,
      )
    }
    this.#reserve(size)
    const buffer = this.#buffer
    let at = buffer.writeDoubleLE(timestamp, this.#length)
    at = putBytes(buffer, at, key)
    at = putBytes(buffer, at, value)
    at = buffer.writeUInt16LE(headers?.size ?? 0, at)
    if (headers !== undefined) {
      for (const [name, content] of headers) {
        at = putBytes(buffer, at, Buffer.from(name))
        at = putBytes(buffer, at, content)
      }
    }
    this.#length = at
    this.#count++
  }

  /** What was added since the last call; the writer starts anew. */
  take(): RecordRun {
    const run = { count: this.#count, bytes: this.#buffer.subarray(0, this.#length) }
    this.#buffer = Buffer.allocUnsafe(1024)
    this.#length = 0
    this.#count = 0
    return run
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Where each record of a run begins; the last entry is the end of the bytes. */
export function indexRecords(run: RecordRun): Uint32Array {
  const { bytes, count } = run
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const starts = new Uint32Array(count + 1)
  let at = 0
  for (let row = 0; row < count; row++) {
    starts[row] = at
    at = skipBytes(view, skipBytes(view, at + 8))
    let headers = view.getUint16(at, true)
    at += 2
    for (; headers > 0; headers--) at = skipBytes(view, skipBytes(view, at))
  }
  if (at !== bytes.byteLength)
    throw new RangeError(`records end at byte ${at} of ${bytes.byteLength}`)
  starts[count] = at
  return starts
}

/** Cuts a run so that no part is above `bytesMax`, save a part of one record. */
export function splitRun(run: RecordRun, bytesMax: number): readonly RecordRun[] {
  if (run.bytes.length <= bytesMax) return [run]
  const starts = indexRecords(run)
  const parts: RecordRun[] = []
  let first = 0
  for (let row = 1; row <= run.count; row++) {
    if (row < run.count && starts[row + 1]! - starts[first]! <= bytesMax) continue
    parts.push({ count: row - first, bytes: run.bytes.subarray(starts[first]!, starts[row]!) })
    first = row
  }
  return parts
}

/** Reads fields of records in place. */
export class RecordReader {
  readonly starts: Uint32Array
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(run: RecordRun) {
    this.starts = indexRecords(run)
    this.#bytes = run.bytes
    this.#view = new DataView(run.bytes.buffer, run.bytes.byteOffset, run.bytes.byteLength)
  }

  timestamp(row: number): number {
    return this.#view.getFloat64(this.starts[row]!, true)
  }

  key(row: number): Uint8Array | null {
    return this.#bytesAt(this.starts[row]! + 8)
  }

  value(row: number): Uint8Array | null {
    return this.#bytesAt(skipBytes(this.#view, this.starts[row]! + 8))
  }

  headers(row: number): ReadonlyMap<string, Uint8Array> | undefined {
    let at = skipBytes(this.#view, skipBytes(this.#view, this.starts[row]! + 8))
    let left = this.#view.getUint16(at, true)
    if (left === 0) return undefined
    at += 2
    const headers = new Map<string, Uint8Array>()
    for (; left > 0; left--) {
      const name = Buffer.from(this.#bytesAt(at)!).toString()
      at = skipBytes(this.#view, at)
      headers.set(name, this.#bytesAt(at)!)
      at = skipBytes(this.#view, at)
    }
    return headers
  }

  #bytesAt(at: number): Uint8Array | null {
    const length = this.#view.getInt32(at, true)
    return length < 0 ? null : this.#bytes.subarray(at + 4, at + 4 + length)
  }
}

function putBytes(buffer: Buffer, at: number, content: Uint8Array | null): number {
  if (content === null) return buffer.writeInt32LE(-1, at)
  const from = buffer.writeInt32LE(content.length, at)
  buffer.set(content, from)
  return from + content.length
}

function skipBytes(view: DataView, at: number): number {
  const length = view.getInt32(at, true)
  return length < 0 ? at + 4 : at + 4 + length
}

function sizeOfHeaders(headers: ReadonlyMap<string, Uint8Array> | undefined): number {
  if (headers === undefined) return 0
  let size = 0
  for (const [name, content] of headers) size += 8 + Buffer.byteLength(name) + content.length
  return size
}
