/**
 * One open directory of the embedded log: topics, appends, purge and scans. Its users share it (see
 * shared.ts).
 *
 * On open each partition's stored end is held against its newest batch: they were one write, so if
 * they disagree the log is damaged. Gaps further back are found by whoever reads across them.
 */
import { partitionOf } from '../../hash.ts'
import { Appends, type AppendOptions, type AppendOutcome, type AppendPart } from './appends.ts'
import { decodeBatch, type StoredBatch } from './batch.ts'
import { damaged, fromLevel } from './damage.ts'
import {
  batchKey,
  decodeOffset,
  encodeOffset,
  endKey,
  offsetOfKey,
  producerRange,
  startKey,
  topicKey,
  topicPrefix,
} from './keys.ts'
import { closeLevel, openLevel, type LevelHandle } from './open-level.ts'
import { RecordWriter, type LogRecord, type RecordRun } from './records.ts'
import {
  checkCount,
  checkTopic,
  partitionsDefault,
  Topics,
  type PartitionState,
  type TopicState,
} from './topics.ts'

/** Bounds of one read from LevelDB. */
const scanBatches = 64
const scanBytes = 256 * 1024

export class EmbeddedDatabase {
  readonly location: string
  readonly topics: Topics = new Topics()
  readonly #level: LevelHandle
  readonly #appends: Appends
  #ensuring: Promise<unknown> = Promise.resolve()

  private constructor(level: LevelHandle) {
    this.location = level.location
    this.#level = level
    this.#appends = new Appends(level)
  }

  static async open(location: string): Promise<EmbeddedDatabase> {
    const level = await openLevel(location)
    const database = new EmbeddedDatabase(level)
    try {
      await database.#load()
      return database
    } catch (error) {
      await closeLevel(level)
      throw fromLevel(location, error)
    }
  }

  /**
   * Creates the topic unless it is there. Without a number any will do, and a new topic gets the
   * default.
   */
  async ensure(name: string, partitions?: number): Promise<TopicState> {
    checkTopic(name, partitions ?? partitionsDefault)
    const turn = this.#ensuring.then(() => this.#create(name, partitions))
    this.#ensuring = turn.catch(() => undefined)
    return await turn
  }

  /** Appends records; without a partition each goes where its key's hash leads. */
  append(
    name: string,
    partition: number | undefined,
    records: readonly LogRecord[],
    options: AppendOptions = {},
  ): Promise<AppendOutcome> {
    const writers = new Map<PartitionState, RecordWriter>()
    try {
      const topic = this.topics.get(name)
      const keyless = topic.partitions[topic.keyless % topic.partitions.length]!
      const fixed = partition === undefined ? undefined : this.topics.partition(name, partition)
      let keys = 0
      for (const record of records) {
        let state = fixed
        if (state === undefined && record.key !== null)
          state = topic.partitions[partitionOf(record.key, topic.partitions.length)]!
        if (record.key !== null) keys++
        state ??= keyless
        let writer = writers.get(state)
        if (writer === undefined) writers.set(state, (writer = new RecordWriter()))
        writer.add(record.key, record.value, record.timestamp, record.headers)
      }
      // The next batch's records without keys go to the next partition: the batch stays together,
      // the load is spread.
      if (fixed === undefined && keys < records.length)
        topic.keyless = (topic.keyless + 1) % topic.partitions.length
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const parts: AppendPart[] = []
    for (const [state, writer] of writers) parts.push({ state, run: writer.take() })
    return this.#appends.append(name, partition, parts, options)
  }

  /** Appends records that are encoded already. */
  appendRun(
    name: string,
    partition: number,
    run: RecordRun,
    options: AppendOptions = {},
  ): Promise<AppendOutcome> {
    try {
      return this.#appends.append(
        name,
        partition,
        [{ state: this.topics.partition(name, partition), run }],
        options,
      )
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  /**
   * Batches from the one that contains `from` to the end as it is now; fails on a gap or a broken
   * batch.
   */
  async *scan(partition: PartitionState, from: number): AsyncGenerator<readonly StoredBatch[]> {
    const end = partition.end
    let expected = from
    const iterator = this.#level.iterator({
      gte: batchKey(partition.topic, partition.partition, from),
      lt: batchKey(partition.topic, partition.partition, end),
      highWaterMarkBytes: scanBytes,
      fillCache: false,
    })
    try {
      while (expected < end) {
        const entries = await iterator.nextv(scanBatches)
        if (entries.length === 0) throw this.#gap(partition, expected, end)
        const batches = entries.map(([, value]) => this.#decode(partition, value))
        for (const batch of batches) {
          // Only the first batch may begin before what was asked for.
          if (batch.base > expected || (batch.base < expected && expected !== from))
            throw this.#gap(partition, expected, batch.base)
          expected = batch.base + batch.count
        }
        yield batches
      }
    } catch (error) {
      throw fromLevel(this.location, error)
    } finally {
      await iterator.close()
    }
  }

  /** Forgets what is before `before`: at once for readers, on disk batch by batch. */
  async purge(partition: PartitionState, before: number): Promise<void> {
    if (before <= partition.start) return
    partition.start = before
    const { topic, partition: index } = partition
    await this.#level.put(startKey(topic, index), encodeOffset(before))
    await this.#level.clear({ gte: batchKey(topic, index, 0), lt: batchKey(topic, index, before) })
  }

  /** Forgets which seqs the producers with this prefix have appended. */
  async forget(producerPrefix: string): Promise<void> {
    await this.#level.clear(producerRange(producerPrefix))
  }

  async close(): Promise<void> {
    await this.#appends.close()
    await closeLevel(this.#level)
  }

  async #create(name: string, partitions: number | undefined): Promise<TopicState> {
    const there = this.topics.find(name)
    if (there !== undefined) {
      if (partitions !== undefined) checkCount(name, there.partitions.length, partitions)
      return there
    }
    const count = partitions ?? partitionsDefault
    await this.#level.put(topicKey(name), Buffer.from(JSON.stringify({ partitions: count })), {
      sync: true,
    })
    return this.topics.add(name, count)
  }

  async #load(): Promise<void> {
    const range = { gte: topicKey(''), lt: Buffer.from([topicPrefix.charCodeAt(0) + 1]) }
    for await (const [key, value] of this.#level.iterator(range)) {
      const { partitions } = JSON.parse(value.toString()) as { partitions: number }
      const topic = this.topics.add(key.subarray(1).toString(), partitions)
      await Promise.all(topic.partitions.map((partition) => this.#loadPartition(partition)))
    }
  }

  async #loadPartition(state: PartitionState): Promise<void> {
    const { topic, partition } = state
    state.start = this.#offset(startKey(topic, partition))
    state.end = this.#offset(endKey(topic, partition))
    const [newest] = await this.#level
      .keys({
        gte: batchKey(topic, partition, 0),
        lt: batchKey(topic, partition, Number.MAX_SAFE_INTEGER),
        reverse: true,
        limit: 1,
      })
      .all()
    const end = newest === undefined ? state.start : offsetOfKey(newest) + 1
    if (end !== state.end)
      throw damaged(
        this.location,
        `${topic}:${partition} ends at offset ${state.end}, its newest batch at ${end}`,
      )
  }

  #offset(key: Buffer): number {
    const value = this.#level.getSync(key)
    return value === undefined ? 0 : decodeOffset(value)
  }

  #decode(partition: PartitionState, value: Buffer): StoredBatch {
    const batch = decodeBatch(value)
    if (typeof batch === 'string')
      throw damaged(this.location, `a batch of ${partition.topic}:${partition.partition} ${batch}`)
    return batch
  }

  #gap(partition: PartitionState, expected: number, found: number): Error {
    return damaged(
      this.location,
      `${partition.topic}:${partition.partition} has no records from offset ${expected} to ${found - 1}`,
    )
  }
}
