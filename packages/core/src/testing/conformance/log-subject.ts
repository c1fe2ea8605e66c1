/**
 * What the suites of a log need from an implementer: an open log with one fresh topic, a way to put
 * rows in, and what the log can do as data, on which the cases branch. And the reading half of the
 * cases, shared by them.
 */
import { realEnv } from '../../env.ts'
import type { Env } from '../../env.ts'
import type { Log } from '../../log/log.ts'
import type { Position, Split, From } from '../../log/position.ts'
import type { SourcePort } from '../../log/source-port.ts'
import { expect } from './expect.ts'

/** Keys and values are UTF-8 text here. */
export interface TestRow {
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
}

export interface LogSupport {
  /** Rows appended after a port was opened reach it. False for sources that end, such as files. */
  readonly tail: boolean
  /** Rows carry keys and times of their own, and values may be null. */
  readonly records: boolean
  /** `{ at }` finds a row by its time. */
  readonly startAtTime: boolean
  /** `admin.ensure` makes topics. */
  readonly ensure: boolean
  readonly purge: boolean
  /** A second membership of the same group may share the work. */
  readonly workers: boolean
}

export interface LogSubject {
  readonly log: Log
  /** Fresh, with at least two splits if `records`. */
  readonly topic: string
  readonly supports: LogSupport
  /** Resolves when the rows may be read. */
  append(split: Split, rows: readonly TestRow[]): Promise<void>
  /**
   * Moves the end of a split without a row that readers see: control rows, aborted transactions.
   */
  withhold?(split: Split): Promise<void>
  /** Ends the splits and gives them children together. */
  reshard?(parents: readonly Split[], children: number): Promise<readonly Split[]>
  /**
   * What a port has fetched and not handed out, and its bound; with the most that one answer may
   * add.
   */
  waiting?(
    port: SourcePort,
    split: Split,
  ): {
    readonly rows: number
    readonly rowsMax: number
    readonly bytes: number
    readonly bytesMax: number
  }
  /** Another open handle on the same log, as a second worker has. */
  another?(): Promise<Log>
  /** Time of the log; the real one if it lives in real time. */
  readonly env?: Env
  dispose(): Promise<void>
}

export interface ReadRow extends TestRow {
  readonly split: string
  readonly position: Position
}

/** No case waits longer than this for a row. */
const patienceMs = 10_000

/** Reads from a port the way the worker's loop does. */
export class Reading {
  readonly rows: ReadRow[] = []
  /** Per split the position behind everything polled. */
  readonly next: Map<string, Position> = new Map()
  readonly ended: Set<string> = new Set()
  batches = 0
  readonly #port: SourcePort
  readonly #env: Env

  constructor(subject: LogSubject, port: SourcePort) {
    this.#port = port
    this.#env = subject.env ?? realEnv()
  }

  /** Polls until the condition holds; fails when it does not within patience. */
  async until(done: () => boolean, what: string, rowsMax = 100): Promise<void> {
    const deadline = this.#env.timers.deadline(patienceMs)
    try {
      while (!done()) {
        expect(!deadline.signal.aborted, what)
        if (this.take(rowsMax) === 0) await this.#port.ready(deadline.signal)
      }
    } finally {
      deadline.release()
    }
  }

  /** All that is there until each split is caught up or has ended. */
  async all(splits: readonly Split[], rowsMax = 100): Promise<readonly ReadRow[]> {
    await this.until(
      () => splits.every(({ id }) => this.#port.caughtUp(id)),
      'the splits are caught up',
      rowsMax,
    )
    return this.rows
  }

  /** One poll; the number of batches it gave. */
  take(rowsMax: number): number {
    const batch = this.#port.poll(rowsMax)
    if (batch === undefined) return 0
    expect(batch.length <= rowsMax, `a batch of at most ${rowsMax} rows`)
    expect(!this.ended.has(batch.split), 'nothing comes behind the end of a split')
    for (let row = 0; row < batch.length; row++) {
      this.rows.push({
        split: batch.split,
        key: text(batch.key(row)),
        value: text(batch.value(row)),
        timestamp: batch.timestamp(row),
        position: batch.position(row),
      })
    }
    this.batches++
    this.next.set(batch.split, batch.next)
    if (batch.end === true) this.ended.add(batch.split)
    return 1
  }
}

export function valuesOf(rows: readonly TestRow[]): readonly (string | null)[] {
  return rows.map((row) => row.value)
}

/** Rows with keys, values and times that tell them apart. */
export function testRows(count: number, from = 0): readonly TestRow[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${from + i}`,
    value: `v${from + i}`,
    timestamp: 1_700_000_000_000 + from + i,
  }))
}

export async function splitsOf(subject: LogSubject): Promise<readonly Split[]> {
  return await subject.log.admin.splits(subject.topic)
}

/** The first split, holding that many rows, appended in uneven batches. */
export async function firstWith(subject: LogSubject, rows: number): Promise<Split> {
  const [split] = await splitsOf(subject)
  for (let from = 0, size = 3; from < rows; from += size, size = size === 3 ? 1 : 3) {
    await subject.append(split!, testRows(Math.min(size, rows - from), from))
  }
  return split!
}

export async function over<T>(
  subject: LogSubject,
  splits: readonly Split[],
  from: From,
  body: (port: SourcePort, reader: Reading) => Promise<T>,
): Promise<T> {
  const port = subject.log.source(subject.topic)
  for (const split of splits) await port.open(split, from)
  const result = await body(port, new Reading(subject, port))
  for (const { id } of splits) await port.close(id)
  return result
}

function text(field: unknown): string | null {
  return field === null ? null : new TextDecoder().decode(field as Uint8Array)
}
