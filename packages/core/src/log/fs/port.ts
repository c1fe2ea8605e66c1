/**
 * SourcePort over one file, read ahead in the background within bounds (law 7). A position is the
 * byte offset behind a line. The end of the file ends the split: what is appended later is read by
 * the next run.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { MillraceError, messageOf } from '../../errors.ts'
import type { From, Position, Split } from '../position.ts'
import type { Batch, SourcePort } from '../source-port.ts'
import { Wakeup } from '../wakeup.ts'
import { LineCutter, type Lines } from './lines.ts'
import type { LinePlan } from './spec.ts'

/** What is read at once, and what may wait to be polled. */
const readBytes = 256 * 1024
const waitingBytesMax = 8 * 1024 * 1024
const waitingRowsMax = 50_000

interface Chunk extends Lines {
  readonly bytes: number
  readonly end: boolean
  /** Rows of it that were polled. */
  taken: number
}

interface Reader {
  readonly split: string
  readonly file: FileHandle
  readonly cutter: LineCutter
  readonly queue: Chunk[]
  /** Position behind everything read; and behind everything cut into lines. */
  at: number
  cut: number
  rows: number
  bytes: number
  paused: boolean
  /** The end of the file was seen; and it was polled. */
  ended: boolean
  done: boolean
  closed: boolean
  reading: Promise<void> | undefined
}

export class FilePort implements SourcePort {
  readonly #plan: LinePlan
  readonly #wakeup = new Wakeup()
  #reader: Reader | undefined

  constructor(plan: LinePlan) {
    this.#plan = plan
  }

  async open(split: Split, from: From): Promise<Position> {
    if (this.#reader !== undefined)
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `split ${this.#reader.split} is open already: a file has one split`,
      )
    const file = await openFile(split.topic)
    try {
      const at = await resolve(file, split, from)
      const cutter = new LineCutter(at, this.#plan.lineBytesMax)
      this.#reader = {
        split: split.id,
        file,
        cutter,
        queue: [],
        at,
        cut: at,
        rows: 0,
        bytes: 0,
        paused: false,
        ended: false,
        done: false,
        closed: false,
        reading: undefined,
      }
      this.#read(this.#reader)
      return String(at)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  poll(rowsMax: number): Batch<Uint8Array> | undefined {
    const reader = this.#reader
    const chunk = reader?.queue[0]
    if (reader === undefined || chunk === undefined || reader.paused) return undefined
    const from = chunk.taken
    const to = Math.min(chunk.lines.length, from + rowsMax)
    if (to === from && chunk.lines.length > 0) return undefined
    chunk.taken = to
    reader.rows -= to - from
    const last = to === chunk.lines.length
    if (last) {
      reader.queue.shift()
      reader.bytes -= chunk.bytes
      reader.done = chunk.end
    }
    this.#read(reader)
    return new FileBatch(reader.split, this.#plan, chunk, from, to, last)
  }

  ready(signal: AbortSignal): Promise<void> {
    const reader = this.#reader
    return this.#wakeup.wait(
      signal,
      reader !== undefined && !reader.paused && reader.queue.length > 0,
    )
  }

  pause(split: string, paused: boolean): void {
    if (this.#reader?.split !== split)
      throw new MillraceError('MILLRACE_LIFECYCLE', `split ${split} is not open`)
    this.#reader.paused = paused
    if (!paused && this.#reader.queue.length > 0) this.#wakeup.wake()
  }

  caughtUp(split: string): boolean {
    return this.#reader?.split === split && this.#reader.done
  }

  /** A file does not say how many lines it has. */
  lag(split: string): number | undefined {
    return this.caughtUp(split) ? 0 : undefined
  }

  hint(): void {}

  async close(split: string): Promise<void> {
    const reader = this.#reader
    if (reader?.split !== split) return
    this.#reader = undefined
    reader.closed = true
    await reader.reading
    await reader.file.close()
  }

  #read(reader: Reader): void {
    if (reader.reading !== undefined || reader.ended || reader.closed || !hasRoom(reader)) return
    reader.reading = this.#readAhead(reader)
      .catch((error: unknown) => {
        reader.ended = true
        this.#wakeup.fail(error)
      })
      .finally(() => {
        reader.reading = undefined
        this.#read(reader)
      })
  }

  async #readAhead(reader: Reader): Promise<void> {
    while (!reader.closed && !reader.ended && hasRoom(reader)) {
      const { bytesRead, buffer } = await reader.file.read(
        Buffer.allocUnsafe(readBytes),
        0,
        readBytes,
        reader.at,
      )
      if (bytesRead === 0) await checkNotCut(reader)
      reader.at += bytesRead
      reader.ended = bytesRead === 0
      const cut = reader.ended
        ? reader.cutter.end()
        : reader.cutter.push(buffer.subarray(0, bytesRead))
      if (cut.next === reader.cut && !reader.ended) continue // amid a long line
      reader.cut = cut.next
      reader.queue.push({ ...cut, bytes: bytesRead, end: reader.ended, taken: 0 })
      reader.rows += cut.lines.length
      reader.bytes += bytesRead
      this.#wakeup.wake()
    }
  }
}

class FileBatch implements Batch<Uint8Array> {
  readonly split: string
  readonly length: number
  readonly next: string
  readonly end: boolean
  readonly #plan: LinePlan
  readonly #chunk: Chunk
  readonly #from: number

  constructor(
    split: string,
    plan: LinePlan,
    chunk: Chunk,
    from: number,
    to: number,
    last: boolean,
  ) {
    this.split = split
    this.length = to - from
    this.#plan = plan
    this.#chunk = chunk
    this.#from = from
    this.end = last && chunk.end
    // Behind the last row come the empty lines after it.
    this.next = last ? String(chunk.next) : this.position(this.length - 1)
  }

  key(row: number): Uint8Array | null {
    return this.#plan.keyed ? this.value(row) : null
  }

  value(row: number): Uint8Array {
    return this.#chunk.lines[this.#from + row]!
  }

  timestamp(row: number): number {
    if (this.#plan.timestamp === undefined) return 0
    try {
      return this.#plan.timestamp(this.value(row))
    } catch {
      return 0 // The value's decoder refuses the line, too, and then the row moves no clock.
    }
  }

  headers(): undefined {}

  position(row: number): string {
    return String(this.#chunk.positions[this.#from + row]!)
  }
}

function hasRoom(reader: Reader): boolean {
  return reader.rows < waitingRowsMax && reader.bytes < waitingBytesMax
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new MillraceError(
      'MILLRACE_UNKNOWN_TOPIC',
      `the file ${path} cannot be read: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

async function resolve(file: FileHandle, split: Split, from: From): Promise<number> {
  if (from === 'earliest') return 0
  const { size } = await file.stat()
  if (from === 'latest') return size
  if ('at' in from) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `the file ${split.topic} cannot be read from a time on: start at 'earliest'`,
    )
  }
  const at = /^\d+$/.test(from.after) ? Number(from.after) : NaN
  if (!(at <= size)) throw positionGone(split.id, from.after, `the file has ${size} bytes`)
  if (at > 0 && at < size) {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at - 1)
    if (buffer[0] !== 0x0a)
      throw positionGone(split.id, from.after, 'no line of the file ends there')
  }
  return at
}

/** A file that was cut while it was read must not look as if it had ended. */
async function checkNotCut(reader: Reader): Promise<void> {
  const { size } = await reader.file.stat()
  if (size < reader.at)
    throw positionGone(
      reader.split,
      String(reader.at),
      `the file was cut to ${size} bytes while it was read`,
    )
}

function positionGone(split: string, position: string, because: string): MillraceError {
  return new MillraceError(
    'MILLRACE_POSITION_GONE',
    `position ${position} is not in the file: ${because}. It was replaced or cut after the checkpoint was written: put it back, or reset the checkpoint`,
    { at: { split, position } },
  )
}
