/**
 * SourcePort over a function. A position is the index of the next row of the split. Nothing is made
 * before it is polled, so nothing has to be bounded. The end of a bounded split is known from the
 * start: a split is caught up when its last row was polled, paced or not, so the order of rows over
 * splits does not depend on the pace.
 */
import type { Env } from '../../env.ts'
import { MillraceError } from '../../errors.ts'
import { answer } from '../answer.ts'
import type { From, Position, Split } from '../position.ts'
import type { Batch, SourcePort } from '../source-port.ts'
import { Wakeup } from '../wakeup.ts'
import type { GeneratedRow, GeneratorPlan } from './spec.ts'

interface Reader {
  readonly split: string
  /** Where it was opened: pace counts from here. */
  readonly from: number
  readonly openedMs: number
  readonly end: number
  next: number
  paused: boolean
  ended: boolean
}

export class GeneratorPort implements SourcePort {
  readonly #env: Env
  readonly #plan: GeneratorPlan
  readonly #readers = new Map<string, Reader>()
  readonly #wakeup = new Wakeup()
  #turns: Reader[] = []
  #turn = 0
  #cancelTimer: () => void = () => {}
  #signal: AbortSignal | undefined = undefined

  constructor(env: Env, plan: GeneratorPlan) {
    this.#env = env
    this.#plan = plan
  }

  open(split: Split, from: From): Promise<Position> {
    return answer(() => {
      const at = resolve(this.#plan, split, from)
      const openedMs = this.#env.clock.monotonic()
      const end = splitEnd(this.#plan, split.partition)
      this.#readers.set(split.id, {
        split: split.id,
        from: at,
        openedMs,
        end,
        next: at,
        paused: false,
        ended: false,
      })
      this.#turns = [...this.#readers.values()]
      this.#wakeup.wake()
      return String(at)
    })
  }

  poll(rowsMax: number): Batch | undefined {
    for (let i = 0; i < this.#turns.length; i++) {
      this.#turn = (this.#turn + 1) % this.#turns.length
      const reader = this.#turns[this.#turn]!
      const rows = this.#due(reader)
      if (reader.paused || reader.ended || (rows === 0 && reader.next < reader.end)) continue
      return this.#take(reader, Math.min(rows, rowsMax))
    }
    return undefined
  }

  ready(signal: AbortSignal): Promise<void> {
    this.#cancelTimer()
    const waitMs = this.#untilNextMs()
    if (waitMs > 0 && waitMs < Infinity) {
      this.#cancelTimer = this.#env.timers.after(Math.ceil(waitMs), () => this.#wakeup.wake())
      // A timer of an abandoned wait would hold the process. One listener serves all waits of a caller.
      if (this.#signal !== signal) signal.addEventListener('abort', () => this.#cancelTimer())
      this.#signal = signal
    }
    return this.#wakeup.wait(signal, waitMs <= 0)
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
    return reader !== undefined && reader.next >= reader.end
  }

  lag(split: string): number | undefined {
    const reader = this.#readers.get(split)
    if (reader === undefined || reader.end === Infinity) return undefined
    return Math.max(0, (reader.end - reader.next) / this.#plan.splits)
  }

  hint(): void {}

  close(split: string): Promise<void> {
    this.#readers.delete(split)
    this.#turns = [...this.#readers.values()]
    this.#turn = 0
    if (this.#turns.length === 0) this.#cancelTimer()
    return Promise.resolve()
  }

  /** Rows of the split that may be taken now. */
  #due(reader: Reader): number {
    const { perSecond, splits } = this.#plan
    const left = (reader.end - reader.next) / splits
    if (perSecond === undefined || left <= 0) return Math.max(0, left)
    const elapsedMs = this.#env.clock.monotonic() - reader.openedMs
    const until = reader.from + Math.floor((elapsedMs * perSecond) / 1000 / splits) * splits
    return Math.max(0, Math.min(left, (until - reader.next) / splits))
  }

  #untilNextMs(): number {
    let wait = Infinity
    for (const reader of this.#turns) {
      if (reader.paused || reader.ended) continue
      if (reader.next >= reader.end || this.#due(reader) > 0) return 0
      const dueMs =
        reader.openedMs +
        ((reader.next + this.#plan.splits - reader.from) * 1000) / this.#plan.perSecond!
      wait = Math.min(wait, Math.max(1, dueMs - this.#env.clock.monotonic()))
    }
    return wait
  }

  #take(reader: Reader, rows: number): Batch {
    const { make, splits } = this.#plan
    const made = new Array<GeneratedRow<unknown, unknown>>(rows)
    const first = reader.next
    for (let i = 0; i < rows; i++) made[i] = make(first + i * splits)
    reader.next = first + rows * splits
    reader.ended = reader.next >= reader.end
    return new GeneratedBatch(reader.split, made, first, this.#plan.splits, reader.ended)
  }
}

class GeneratedBatch implements Batch {
  readonly split: string
  readonly length: number
  readonly end: boolean
  readonly #rows: readonly GeneratedRow<unknown, unknown>[]
  readonly #first: number
  readonly #step: number

  constructor(
    split: string,
    rows: readonly GeneratedRow<unknown, unknown>[],
    first: number,
    step: number,
    end: boolean,
  ) {
    this.split = split
    this.length = rows.length
    this.end = end
    this.#rows = rows
    this.#first = first
    this.#step = step
  }

  get next(): string {
    return this.position(this.length - 1)
  }

  key(row: number): unknown {
    return this.#rows[row]!.key ?? null
  }

  value(row: number): unknown {
    return this.#rows[row]!.value
  }

  timestamp(row: number): number {
    return this.#rows[row]!.timestamp
  }

  headers(): undefined {}

  position(row: number): string {
    return String(this.#first + (row + 1) * this.#step)
  }
}

/** The position behind the last row of the split. */
export function splitEnd({ rows, splits }: GeneratorPlan, partition: number): number {
  return rows === Infinity
    ? Infinity
    : partition + Math.ceil(Math.max(0, rows - partition) / splits) * splits
}

function resolve(plan: GeneratorPlan, split: Split, from: From): number {
  if (from === 'earliest') return split.partition
  const end = splitEnd(plan, split.partition)
  if (from === 'latest') return end === Infinity ? split.partition : end
  if ('at' in from) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `generator '${split.topic}' cannot start at a time: start it at 'earliest'`,
    )
  }
  const at = /^\d+$/.test(from.after) ? Number(from.after) : NaN
  if (at <= end && at % plan.splits === split.partition) return at
  throw new MillraceError(
    'MILLRACE_POSITION_GONE',
    `position ${from.after} is not in the split, which has ${split.partition} to ${end} in steps of ${plan.splits}: \`rows\` or \`splits\` of generator '${split.topic}' changed after the checkpoint was written. Put them back, or reset the checkpoint`,
    { at: { split: split.id, position: from.after } },
  )
}
