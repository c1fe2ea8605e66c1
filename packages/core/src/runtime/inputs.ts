/**
 * Inputs: the splits of a task: what has been offered of them, which row is next, how far each has been consumed, and the T that
 * follows from the rows taken.
 *
 * The next row is the one with the lowest (event time, topic, partition) over the heads of the splits. There is none while a
 * split is empty and not known to be caught up: what a join sees must not depend on which fetch answered first.
 */
import { MillraceError } from '../errors.ts'
import type { Batch } from '../log/source-port.ts'
import type { Position, Split } from '../log/position.ts'
import { Watermark } from '../time/watermark.ts'
import type { SubTopology } from '../topology/compile.ts'
import type { Prefix } from './prefix.ts'
import { SplitInput } from './split-input.ts'
import type { Cut } from './split-input.ts'

/** What the commit record keeps of each task that writes to a split. */
const upstreamFields = ['epoch', 'watermark', 'idle', 'tasks', 'generation'] as const

export interface InputsOptions {
  readonly part: SubTopology
  readonly splits: readonly Split[]
  readonly prefixes: ReadonlyMap<string, Prefix>
  /** Where each split begins, as far as anybody knows. */
  readonly positions: ReadonlyMap<string, Position>
}

export class Inputs {
  /** In (topic, partition) order. */
  readonly splits: readonly SplitInput[]
  readonly watermark: Watermark
  readonly #bySplit: ReadonlyMap<string, SplitInput>
  /** Something moved that no row shows: rows that ended in the prefix, positions the log moved. */
  moved = false

  constructor({ part, splits, prefixes, positions }: InputsOptions) {
    const sorted = [...splits].sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
    )
    const topicsWhere = (timed: boolean): ReadonlySet<string> =>
      new Set(
        part.prefixes
          .filter(({ source }) => source.repartition?.timed === timed)
          .map(({ source }) => source.source.topic),
      )
    const internal = topicsWhere(true)
    const untimed = topicsWhere(false)
    const tables = new Set(
      part.prefixes.filter(({ source }) => source.table).map(({ source }) => source.source.topic),
    )
    this.splits = sorted.map(
      (split, i) =>
        new SplitInput(
          split,
          prefixes.get(split.topic)!,
          positions.get(split.id),
          internal.has(split.topic) ? (marker) => this.watermark.mark(i, marker) : undefined,
        ),
    )
    this.#bySplit = new Map(this.splits.map((input) => [input.split.id, input]))
    const times = new Map(
      part.prefixes.map((prefix) => [prefix.source.source.topic, prefix.eventTime]),
    )
    this.watermark = new Watermark(
      sorted.map((split) => ({
        outOfOrderMs: times.get(split.topic)?.outOfOrderMs ?? 0,
        idleMs: times.get(split.topic)?.idleMs ?? (tables.has(split.topic) ? 0 : undefined),
        marked: internal.has(split.topic),
        untimed: untimed.has(split.topic),
      })),
      part.clock,
    )
  }

  offer(batch: Batch): void {
    const input = this.#splitOf(batch.split)
    input.offer(batch)
    input.caughtUp = false
  }

  caughtUp(split: string, caughtUp: boolean): void {
    this.#splitOf(split).caughtUp = caughtUp
  }

  /** Rows of this split that have been offered and not yet taken. */
  buffered(split: string): number {
    return this.#splitOf(split).rowsBuffered
  }

  cutBefore(cut: Cut): void {
    this.#bySplit.get(cut.split)?.cutBefore(cut)
  }

  /** Index of the split whose head is next, or why there is none. */
  next(): number | 'starved' | 'caught-up' | 'cut' {
    const { splits } = this
    let best = -1
    let bestTime = Infinity
    for (let i = 0; i < splits.length; i++) {
      const input = splits[i]!
      if (!input.hasHead) {
        if (input.advance() > 0) this.moved = true
        if (!input.hasHead) {
          if (input.cut) return 'cut'
          // Those behind it wait: a row that ends in the prefix has no time, and its turn comes by the order of the splits.
          if (input.unknown) return 'starved'
          continue
        }
      }
      if (input.head.time < bestTime) {
        best = i
        bestTime = input.head.time
      }
    }
    if (best < 0) return 'caught-up'
    return splits[best]!.cut ? 'cut' : best
  }

  /** T, after the clock has gone on: a split is silent only if nothing of it waits here. */
  tick(monotonic: number): number {
    return this.watermark.tick(monotonic, (i) => this.splits[i]!.exhausted)
  }

  /** Everything the logs are known to hold has been taken. */
  get exhausted(): boolean {
    return this.splits.every((input) => input.exhausted)
  }

  /** Rows taken from the logs, those that ended in a prefix included. */
  get taken(): number {
    let taken = 0
    for (const prefix of new Set(this.splits.map((input) => input.prefix))) taken += prefix.taken
    return taken
  }

  /** The highest event time taken. */
  get newestTime(): number {
    return Math.max(-Infinity, ...this.splits.map((_, i) => this.watermark.maxTime(i)))
  }

  positions(): Map<string, Position> {
    const positions = new Map<string, Position>()
    for (const { split, position } of this.splits)
      if (position !== undefined) positions.set(split.id, position)
    return positions
  }

  /** Adds what a restore needs of the clock. */
  saveTimes(watermarks: Map<string, number>): void {
    this.splits.forEach(({ split }, i) =>
      watermarks.set(`split/${split.id}`, this.watermark.maxTime(i)),
    )
    watermarks.set('task', this.watermark.value)
    this.splits.forEach(({ split }, i) => {
      for (const { task, ...time } of this.watermark.upstreams(i))
        upstreamFields.forEach((field) =>
          watermarks.set(`upstream/${field}/${split.id}/${task}`, Number(time[field])),
        )
    })
  }

  restoreTimes(watermarks: ReadonlyMap<string, number>): void {
    this.watermark.restore(
      watermarks.get('task') ?? -Infinity,
      this.splits.map(({ split }) => watermarks.get(`split/${split.id}`)),
    )
    for (const input of this.splits)
      input.partitionTime = Math.max(-1, watermarks.get(`split/${input.split.id}`) ?? -1)
    this.splits.forEach(({ split }, i) => {
      const prefix = `upstream/epoch/${split.id}/`
      for (const name of watermarks.keys()) {
        if (!name.startsWith(prefix)) continue
        const task = name.slice(prefix.length)
        const of = (field: string): number =>
          watermarks.get(`upstream/${field}/${split.id}/${task}`)!
        this.watermark.mark(i, {
          task,
          epoch: of('epoch'),
          watermark: of('watermark'),
          idle: of('idle') === 1,
          tasks: of('tasks'),
          generation: of('generation'),
        })
      }
    })
  }

  #splitOf(id: string): SplitInput {
    const input = this.#bySplit.get(id)
    if (input === undefined)
      throw new MillraceError('MILLRACE_INVARIANT', `the split ${id} does not belong to this task`)
    return input
  }
}
