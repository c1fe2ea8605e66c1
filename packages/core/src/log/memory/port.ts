/**
 * SourcePort over a memory log: reads in place, so nothing is fetched ahead and nothing has to be
 * bounded. Rows of transactions come once they are decided, and hold back what lies behind them.
 */
import { MillraceError } from '../../errors.ts'
import { answer } from '../answer.ts'
import type { Position, Split, From } from '../position.ts'
import type { Batch, SourcePort } from '../source-port.ts'
import { Wakeup } from '../wakeup.ts'
import type { MemoryLog } from './log.ts'
import { stableEnd } from './split.ts'
import type { MemoryRow, MemorySplit } from './split.ts'

interface Reader {
  readonly from: MemorySplit
  next: number
  paused: boolean
  /** The end was handed out. */
  done: boolean
}

export class MemoryPort implements SourcePort {
  readonly #log: MemoryLog
  readonly #readers = new Map<string, Reader>()
  readonly #wakeup = new Wakeup()
  #turns: Reader[] = []
  #turn = 0
  #stopListening: (() => void) | undefined

  constructor(log: MemoryLog) {
    this.#log = log
  }

  open(split: Split, from: From): Promise<Position> {
    return answer(() => {
      if (this.#readers.has(split.id))
        throw new MillraceError(
          'MILLRACE_LIFECYCLE',
          `split ${split.id} is open already: close it first`,
        )
      const of = this.#log.splitOf(split.id)
      const next = resolve(of, from)
      this.#readers.set(split.id, { from: of, next, paused: false, done: false })
      this.#turns = [...this.#readers.values()]
      this.#stopListening ??= this.#log.listen(() => this.#wakeup.wake())
      this.#wakeup.wake()
      return String(next)
    })
  }

  poll(rowsMax: number): Batch<Uint8Array> | undefined {
    for (let i = 0; i < this.#turns.length; i++) {
      this.#turn = (this.#turn + 1) % this.#turns.length
      const reader = this.#turns[this.#turn]!
      if (hasNews(reader)) return this.#take(reader, rowsMax)
    }
    return undefined
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#wakeup.wait(signal, this.#turns.some(hasNews))
  }

  pause(split: string, paused: boolean): void {
    const reader = this.#readers.get(split)
    if (reader === undefined)
      throw new MillraceError('MILLRACE_LIFECYCLE', `split ${split} is not open`)
    reader.paused = paused
    if (!paused) this.#wakeup.wake()
  }

  caughtUp(split: string): boolean {
    const reader = this.#readers.get(split)
    return reader !== undefined && reader.next >= stableEnd(reader.from)
  }

  lag(split: string): number | undefined {
    const reader = this.#readers.get(split)
    return reader === undefined ? undefined : stableEnd(reader.from) - reader.next
  }

  hint(): void {}

  close(split: string): Promise<void> {
    this.#readers.delete(split)
    this.#turns = [...this.#readers.values()]
    this.#turn = 0
    if (this.#turns.length === 0) {
      this.#stopListening?.()
      this.#stopListening = undefined
    }
    return Promise.resolve()
  }

  #take(reader: Reader, rowsMax: number): Batch<Uint8Array> {
    const { rows, ended, split } = reader.from
    const taken: MemoryRow[] = []
    const positions: Position[] = []
    const end = stableEnd(reader.from)
    let at = reader.next
    for (; at < end && taken.length < rowsMax; at++) {
      const row = rows[at]
      if (row === undefined) continue
      taken.push(row)
      positions.push(String(at + 1))
    }
    reader.next = at
    reader.done = ended && at === rows.length
    if (reader.done) this.#log.endPolled(reader.from)
    return new MemoryBatch(split.id, taken, positions, String(at), reader.done)
  }
}

class MemoryBatch implements Batch<Uint8Array> {
  readonly split: string
  readonly length: number
  readonly next: Position
  readonly end: boolean
  readonly #rows: readonly MemoryRow[]
  readonly #positions: readonly Position[]

  constructor(
    split: string,
    rows: readonly MemoryRow[],
    positions: readonly Position[],
    next: Position,
    end: boolean,
  ) {
    this.split = split
    this.length = rows.length
    this.next = next
    this.end = end
    this.#rows = rows
    this.#positions = positions
  }

  key(row: number): Uint8Array | null {
    return this.#rows[row]!.key
  }

  value(row: number): Uint8Array | null {
    return this.#rows[row]!.value
  }

  timestamp(row: number): number {
    return this.#rows[row]!.timestamp
  }

  headers(row: number): ReadonlyMap<string, Uint8Array> | undefined {
    return this.#rows[row]!.headers
  }

  position(row: number): Position {
    return this.#positions[row]!
  }
}

export function positionGone(
  { split, start, rows }: MemorySplit,
  position: Position,
): MillraceError {
  return new MillraceError(
    'MILLRACE_POSITION_GONE',
    `position ${position} is not in the log, which has ${start} to ${rows.length}`,
    { at: { split: split.id, position } },
  )
}

function hasNews(reader: Reader): boolean {
  if (reader.paused || reader.done) return false
  const end = stableEnd(reader.from)
  return reader.next < end || (reader.from.ended && end === reader.from.rows.length)
}

function resolve(split: MemorySplit, from: From): number {
  const { start, rows } = split
  if (from === 'earliest') return start
  if (from === 'latest') return stableEnd(split)
  if ('at' in from) {
    const at = rows.findIndex((row) => row !== undefined && row.timestamp >= from.at)
    return at < 0 ? rows.length : at
  }
  const at = /^\d+$/.test(from.after) ? Number(from.after) : NaN
  if (!(at >= start && at <= rows.length)) throw positionGone(split, from.after)
  return at
}
