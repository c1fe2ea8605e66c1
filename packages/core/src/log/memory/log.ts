/**
 * Splits, rows and shards of a memory log. A topic begins with fixed partitions; `reshard` ends
 * splits and gives them children, from then on its splits are shards. A position is the next offset
 * as decimal text; an offset without a row was withheld by the log. Transactions: coordinator.ts.
 */
import { MillraceError } from '../../errors.ts'
import { answer } from '../answer.ts'
import type { Decider } from '../decider.ts'
import type { Log, LogSpec } from '../log.ts'
import type { LogAdmin, Membership } from '../membership.ts'
import type { Position, Split } from '../position.ts'
import type { SourcePort } from '../source-port.ts'
import { Coordinator } from './coordinator.ts'
import { MemoryDecider, Wire } from './decider.ts'
import type { LostAnswer } from './decider.ts'
import { MemoryMembership } from './membership.ts'
import { MemoryPort, positionGone } from './port.ts'
import { memorySink } from './sink.ts'
import { memoryTopic } from './spec.ts'
import { newSplit, refuseEnded, stableEnd } from './split.ts'
import type { MemoryRow, MemorySplit } from './split.ts'

export interface MemoryLogOptions {
  /** Identity of the system, if a test has several. Default: 'memory'. */
  readonly name?: string
  /** Rows that wait in the outlet of a task until their transaction may begin. Default 10_000. */
  readonly outletRowsMax?: number
}

/** The whole range of hashes, as Kinesis has it. */
const hashes = 2n ** 128n

export class MemoryLog implements Log {
  readonly spec: LogSpec
  readonly admin: LogAdmin
  readonly #topics = new Map<string, MemorySplit[]>()
  readonly #listeners = new Set<() => void>()
  readonly #endListeners = new Set<(split: MemorySplit) => void>()
  readonly #coordinator = new Coordinator(() => this.#announce())
  readonly #wire = new Wire()
  readonly #outletRowsMax: number

  constructor(options: MemoryLogOptions = {}) {
    this.#outletRowsMax = options.outletRowsMax ?? 10_000
    this.spec = Object.freeze<LogSpec>({
      system: options.name ?? 'memory',
      internal: (topic, { key, value }) => ({
        source: Object.freeze({
          ...memoryTopic(this, topic, { key, value }),
          nulls: 'pass' as const,
        }),
        sink: memorySink(this, topic, { key, value }),
      }),
      open: (_ctx, sources) =>
        answer(() => {
          for (const source of sources) {
            const { partitions } = source as { partitions?: number }
            if (partitions !== undefined || !this.#topics.has(source.topic))
              this.create(source.topic, partitions ?? 1)
          }
          return this
        }),
    })
    this.admin = {
      ensure: (topic, partitions) => answer(() => this.create(topic, partitions)),
      splits: (topic) => answer(() => this.splitsOf(topic).map(({ split }) => split)),
      ends: (topic) =>
        answer(
          () =>
            new Map(
              this.splitsOf(topic).map((split) => [split.split.id, String(stableEnd(split))]),
            ),
        ),
      purge: (split, before) => answer(() => this.#purge(split, before)),
    }
  }

  create(topic: string, partitions: number): void {
    const there = this.#topics.get(topic)
    if (there !== undefined) {
      if (there.length === partitions) return
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `topic '${topic}' has ${there.length} partitions, ${partitions} were asked for: ask for ${there.length}, or take a new topic`,
      )
    }
    const splits: MemorySplit[] = []
    this.#topics.set(topic, splits)
    for (let partition = 0; partition < partitions; partition++)
      splits.push(newSplit({ id: `${topic}:${partition}`, topic, partition }))
  }

  append(split: string, rows: readonly MemoryRow[]): void {
    const to = this.splitOf(split)
    refuseEnded(to)
    to.rows.push(...rows)
    this.#announce()
  }

  /** Moves the end of the split without a row, as control records and aborted ones do. */
  withhold(split: string, count: number): void {
    const { rows } = this.splitOf(split)
    for (let i = 0; i < count; i++) rows.push(undefined)
    this.#announce()
  }

  /** Ends the splits and makes children of all of them: one split in two, two merged into one. */
  reshard(parents: readonly string[], children: number): readonly Split[] {
    const ends = parents.map((parent) => this.splitOf(parent))
    const { topic } = ends[0]!.split
    const siblings = this.splitsOf(topic)
    const [low, high] = rangeOf(ends, siblings.length)
    const born: Split[] = []
    for (let i = 0; i < children; i++) {
      const from = low + ((high - low + 1n) * BigInt(i)) / BigInt(children)
      const to = low + ((high - low + 1n) * BigInt(i + 1)) / BigInt(children) - 1n
      const partition = siblings.length
      const child: Split = {
        id: `${topic}:${partition}`,
        topic,
        partition,
        parents,
        hashRange: [String(from), String(to)],
      }
      siblings.push(newSplit(child))
      born.push(child)
    }
    for (const end of ends) {
      end.ended = true
      end.children.push(...born)
    }
    this.#announce()
    return born
  }

  membership(): Membership {
    return new MemoryMembership(this)
  }

  source(topic: string): SourcePort {
    this.splitsOf(topic)
    return new MemoryPort(this)
  }

  /** A new owner of the task: the ones before are fenced once it is opened. */
  decider(task: { readonly subTopology: string; readonly task: string }): Decider {
    return new MemoryDecider({
      id: `${task.subTopology}/${task.task}`,
      coordinator: this.#coordinator,
      wire: this.#wire,
      splitAt: (topic, partition) => this.#splitAt(topic, partition),
      rowsMax: this.#outletRowsMax,
    })
  }

  /** The next decision of any task gets no answer. */
  loseAnswer(how: LostAnswer): void {
    this.#wire.lose(how)
  }

  /** Decisions that were sent and are late arrive now. */
  land(): void {
    this.#wire.land()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  splitsOf(topic: string): MemorySplit[] {
    const splits = this.#topics.get(topic)
    if (splits !== undefined) return splits
    const known = [...this.#topics.keys()].map((name) => `'${name}'`).join(', ')
    throw new MillraceError(
      'MILLRACE_UNKNOWN_TOPIC',
      `there is no topic '${topic}': the log has ${known === '' ? 'none' : known}`,
    )
  }

  splitOf(id: string): MemorySplit {
    const found = this.splitsOf(id.slice(0, id.lastIndexOf(':'))).find(
      ({ split }) => split.id === id,
    )
    if (found === undefined)
      throw new MillraceError('MILLRACE_UNKNOWN_TOPIC', `there is no split '${id}'`)
    return found
  }

  /** Calls back whenever rows or splits changed; the returned function ends that. */
  listen(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  /** Calls back when the end of a split was polled; the returned function ends that. */
  listenToEnds(ended: (split: MemorySplit) => void): () => void {
    this.#endListeners.add(ended)
    return () => this.#endListeners.delete(ended)
  }

  /** A port has handed out the end of the split. */
  endPolled(split: MemorySplit): void {
    for (const listener of this.#endListeners) listener(split)
  }

  #splitAt(topic: string, partition: number): MemorySplit {
    const split = this.splitsOf(topic)[partition]
    if (split === undefined)
      throw new MillraceError(
        'MILLRACE_UNKNOWN_TOPIC',
        `topic '${topic}' has no partition ${partition}`,
      )
    return split
  }

  #purge(id: string, before: Position): void {
    const split = this.splitOf(id)
    const offset = Number(before)
    if (!(offset <= stableEnd(split))) throw positionGone(split, before)
    split.start = Math.max(split.start, offset)
    split.rows.fill(undefined, 0, split.start)
  }

  #announce(): void {
    for (const changed of this.#listeners) changed()
  }
}

/** Partitions that were never shards share the range of hashes evenly. */
function rangeOf(splits: readonly MemorySplit[], count: number): [bigint, bigint] {
  let low = hashes
  let high = 0n
  for (const { split } of splits) {
    const own = split.hashRange ?? [
      String((hashes * BigInt(split.partition)) / BigInt(count)),
      String((hashes * BigInt(split.partition + 1)) / BigInt(count) - 1n),
    ]
    if (BigInt(own[0]) < low) low = BigInt(own[0])
    if (BigInt(own[1]) > high) high = BigInt(own[1])
  }
  return [low, high]
}
