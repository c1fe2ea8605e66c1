/**
 * The embedded log without an app: for programs that put rows in or look at what came out, and for
 * tests. It shares the process's handle, so it may stay open beside running apps.
 */
import { realEnv, type Env } from '../../env.ts'
import type { AppendOutcome } from './appends.ts'
import { RecordReader, type LogRecord } from './records.ts'
import { openDatabases, type DatabaseLease } from './shared.ts'
import type { EmbeddedTopic } from './spec.ts'
import type { PartitionState } from './topics.ts'

export interface OpenEmbeddedOptions {
  /** The log is `{dir}/log`. */
  readonly dir: string
  /** Appends wait for the disk. */
  readonly durable?: boolean
  readonly env?: Env
}

export interface EmbeddedRow<K, V> {
  readonly key: K | null
  readonly value: V | null
  /** Default: now. */
  readonly timestamp?: number
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

export interface ReadRow<K, V> extends EmbeddedRow<K, V> {
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
}

export interface AppendRowsOptions {
  /** Default: by the hash of the key. */
  readonly partition?: number
  /** Makes the append idempotent: the same producer and seq again write nothing. */
  readonly producer?: string
  readonly seq?: number
}

export interface EmbeddedProducer {
  /** Resolves when the rows are in the log. The topic is made if it is not there. */
  append<K, V>(
    topic: EmbeddedTopic<K, V>,
    rows: readonly EmbeddedRow<K, V>[],
    options?: AppendRowsOptions,
  ): Promise<AppendOutcome>
  /** Makes the topic unless it is there; without a number any will do. */
  ensure(topic: string, partitions?: number): Promise<void>
  topics(): readonly { readonly name: string; readonly partitions: number }[]
  /** All rows up to the end as it is when the partition is reached, partition by partition. */
  read<K, V>(
    topic: EmbeddedTopic<K, V>,
    options?: { readonly partition?: number },
  ): AsyncIterableIterator<ReadRow<K, V>>
  /**
   * Forgets which commits of the app were appended: for an app whose checkpoint was reset on
   * purpose.
   */
  forget(app: string): Promise<void>
  close(): Promise<void>
}

export async function openProducer(options: OpenEmbeddedOptions): Promise<EmbeddedProducer> {
  return new Producer(await openDatabases.acquire(options.dir), options)
}

class Producer implements EmbeddedProducer {
  readonly #lease: DatabaseLease
  readonly #durable: boolean
  readonly #env: Env

  constructor(lease: DatabaseLease, options: OpenEmbeddedOptions) {
    this.#lease = lease
    this.#durable = options.durable ?? false
    this.#env = options.env ?? realEnv()
  }

  async append<K, V>(
    topic: EmbeddedTopic<K, V>,
    rows: readonly EmbeddedRow<K, V>[],
    options: AppendRowsOptions = {},
  ): Promise<AppendOutcome> {
    const now = this.#env.clock.now()
    const records = rows.map((row): LogRecord => ({
      key: row.key === null ? null : topic.key.encode(row.key),
      value: row.value === null ? null : topic.value.encode(row.value),
      timestamp: row.timestamp ?? now,
      headers: row.headers,
    }))
    const { partition, ...identity } = options
    const { database } = this.#lease
    if (database.topics.find(topic.topic) === undefined)
      await database.ensure(topic.topic, topic.partitions)
    return await database.append(topic.topic, partition, records, {
      ...identity,
      durable: this.#durable,
    })
  }

  async ensure(topic: string, partitions?: number): Promise<void> {
    await this.#lease.database.ensure(topic, partitions)
  }

  topics(): readonly { readonly name: string; readonly partitions: number }[] {
    const { topics } = this.#lease.database
    return topics.names.map((name) => ({ name, partitions: topics.get(name).partitions.length }))
  }

  async *read<K, V>(
    topic: EmbeddedTopic<K, V>,
    options: { readonly partition?: number } = {},
  ): AsyncIterableIterator<ReadRow<K, V>> {
    const { topics } = this.#lease.database
    const partitions =
      options.partition === undefined
        ? topics.get(topic.topic).partitions
        : [topics.partition(topic.topic, options.partition)]
    for (const partition of partitions) yield* this.#readPartition(topic, partition)
  }

  async forget(app: string): Promise<void> {
    await this.#lease.database.forget(`${app}/`)
  }

  async close(): Promise<void> {
    await this.#lease.release()
  }

  async *#readPartition<K, V>(
    topic: EmbeddedTopic<K, V>,
    state: PartitionState,
  ): AsyncIterableIterator<ReadRow<K, V>> {
    const { start, end, partition } = state
    if (start === end) return
    for await (const batches of this.#lease.database.scan(state, start)) {
      for (const batch of batches) {
        const reader = new RecordReader(batch)
        for (let row = Math.max(0, start - batch.base); row < batch.count; row++) {
          const key = reader.key(row)
          const value = reader.value(row)
          const headers = reader.headers(row)
          yield {
            key: key === null ? null : topic.key.decode(key),
            value: value === null ? null : topic.value.decode(value),
            timestamp: reader.timestamp(row),
            ...(headers === undefined ? {} : { headers }),
            partition,
            offset: batch.base + row,
          }
        }
      }
    }
  }
}
