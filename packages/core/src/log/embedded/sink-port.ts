/**
 * One task's staged sink into the embedded log. A lane is a partition (`topic:partition`), its
 * section the encoded records of one commit: they are appended as they are, in one idempotent
 * write.
 *
 * A repeat is expected for a section that was pending when the port opened, and for one whose
 * publishing failed before. Any other means that the log remembers commits which the task does not:
 * its checkpoint was reset, and taking its new rows for repeats would drop them silently (law 10).
 * That is an error.
 */
import { MillraceError } from '../../errors.ts'
import { partitionOf } from '../../hash.ts'
import type {
  CommitRef,
  Headers,
  MarkingPort,
  RowContext,
  Section,
  SinkContext,
} from '../../sink.ts'
import type { EmbeddedDatabase } from './database.ts'
import { parseSplit } from './log.ts'
import { RecordWriter } from './records.ts'
import { openDatabases, type DatabaseLease } from './shared.ts'
import type { EmbeddedSinkOptions } from './spec.ts'
import { checkTopic, partitionsDefault } from './topics.ts'

/** Rows waiting for a freeze, over all lanes (law 7): the task pauses above it. */
const stagedBytesMax = 32 * 1024 * 1024

interface Target {
  readonly partitions: number
  readonly lanes: (RecordWriter | undefined)[]
  /** The partition of rows without a key, until the next freeze. */
  keyless: number
}

export class EmbeddedSinkPort<V> implements MarkingPort<V> {
  readonly #options: EmbeddedSinkOptions<V>
  readonly #node: string
  readonly #lease: DatabaseLease
  readonly #database: EmbeddedDatabase
  readonly #targets = new Map<string, Target>()
  /** Sections per lane that a former owner may have published. */
  readonly #pending = new Map<string, number>()
  /** The seq of a lane whose publishing is under way or has failed. */
  readonly #attempted = new Map<string, number>()
  #bytes = 0

  private constructor(options: EmbeddedSinkOptions<V>, node: string, lease: DatabaseLease) {
    this.#options = options
    this.#node = node
    this.#lease = lease
    this.#database = lease.database
  }

  static async open<V>(
    options: EmbeddedSinkOptions<V>,
    ctx: SinkContext,
  ): Promise<EmbeddedSinkPort<V>> {
    const lease = await openDatabases.acquire(options.dir ?? ctx.dir)
    try {
      if (options.target !== undefined)
        await lease.database.ensure(options.target, options.partitions)
    } catch (error) {
      await lease.release()
      throw error
    }
    return new EmbeddedSinkPort(options, ctx.node, lease)
  }

  open(pending: readonly Section[]): Promise<void> {
    for (const { lane } of pending) this.#pending.set(lane, (this.#pending.get(lane) ?? 0) + 1)
    return Promise.resolve()
  }

  write(key: unknown, value: V, row: RowContext): boolean {
    const { route, target, key: keys, value: values } = this.#options
    const topic = route === undefined ? target! : route(value, key as never)
    const to = this.#targets.get(topic) ?? this.#addTarget(topic)
    const keyBytes = key === null || key === undefined ? null : keys.encode(key as never)
    const valueBytes = value === null || value === undefined ? null : values.encode(value)
    const partition = keyBytes === null ? to.keyless : partitionOf(keyBytes, to.partitions)
    const writer = (to.lanes[partition] ??= new RecordWriter())
    const before = writer.bytes
    writer.add(keyBytes, valueBytes, row.time, row.headers)
    this.#bytes += writer.bytes - before
    return this.#bytes < stagedBytesMax
  }

  mark(headers: Headers): boolean {
    const to = this.#targets.get(this.#options.target!) ?? this.#addTarget(this.#options.target!)
    for (let partition = 0; partition < to.partitions; partition++) {
      const writer = (to.lanes[partition] ??= new RecordWriter())
      const before = writer.bytes
      writer.add(null, null, 0, headers)
      this.#bytes += writer.bytes - before
    }
    return this.#bytes < stagedBytesMax
  }

  freeze(): readonly Section[] {
    const sections: Section[] = []
    for (const [topic, to] of this.#targets) {
      for (let partition = 0; partition < to.partitions; partition++) {
        const writer = to.lanes[partition]
        if (writer === undefined || writer.count === 0) continue
        const { count, bytes } = writer.take()
        sections.push({ lane: `${topic}:${partition}`, rows: count, bytes })
      }
      to.keyless = (to.keyless + 1) % to.partitions
    }
    this.#bytes = 0
    return sections
  }

  async publish(section: Section, at: CommitRef): Promise<void> {
    const { lane, rows, bytes } = section
    const { topic, partition } = parseSplit(lane, this.#database.topics.names)
    const again = this.#attempted.get(lane) === at.seq
    this.#attempted.set(lane, at.seq)
    if (this.#database.topics.find(topic) === undefined)
      await this.#database.ensure(topic, this.#options.partitions)
    const producer = `${at.app}/${at.subTopology}/${at.task}/${this.#node}`
    const run = { count: rows, bytes }
    const outcome = await this.#database.appendRun(topic, partition, run, {
      producer,
      seq: at.seq,
      durable: this.#options.durable,
    })
    const pending = this.#pending.get(lane) ?? 0
    if (pending > 0) this.#pending.set(lane, pending - 1)
    else if (outcome.repeated && !again) throw this.#checkpointReset(lane, at)
  }

  async close(): Promise<void> {
    await this.#lease.release()
  }

  #addTarget(topic: string): Target {
    const there = this.#database.topics.find(topic)
    const partitions = there?.partitions.length ?? this.#options.partitions ?? partitionsDefault
    checkTopic(topic, partitions)
    const target: Target = { partitions, lanes: [], keyless: 0 }
    this.#targets.set(topic, target)
    return target
  }

  #checkpointReset(lane: string, at: CommitRef): MillraceError {
    return new MillraceError(
      'MILLRACE_CONFIG',
      `commit ${at.seq} is new to this task, but ${lane} holds rows of a commit ${at.seq} or later by the same app: the checkpoint was reset and the log was not. Give the app another id, or reset both; to append once more behind the old rows, call forget('${at.app}') on openEmbedded({ dir })`,
      {
        at: {
          app: at.app,
          subTopology: at.subTopology,
          task: at.task,
          node: this.#node,
          split: lane,
        },
      },
    )
  }
}
