/** The ends of a topology under test: typed inputs and outputs with the verbs of Kafka Streams' test driver. */
import { MillraceError } from '../errors.ts'
import type { CapturedRow } from './capture.ts'
import type { TestRow } from './test-batch.ts'

export interface InputRecord<K, V> {
  readonly key?: K | null
  readonly value: V | null
  readonly timestamp?: number
  readonly headers?: ReadonlyMap<string, Uint8Array> | undefined
}

export interface TestRecord<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: ReadonlyMap<string, Uint8Array> | undefined
  /** The row that made it leave, which need not be of its key; undefined where only the clock did. */
  readonly origin: CapturedRow['origin']
}

/** Pipes rows into a source. Every row is processed to its end before the call returns. */
export class TestInputTopic<K, V> {
  readonly #send: (rows: readonly TestRow[], partition: number) => void
  readonly #encode: (record: InputRecord<K, V>) => { key: unknown; value: unknown }
  #time: number
  readonly #autoAdvanceMs: number

  constructor(options: {
    send: (rows: readonly TestRow[], partition: number) => void
    encode: (record: InputRecord<K, V>) => { key: unknown; value: unknown }
    startTime: number
    autoAdvanceMs: number
  }) {
    this.#send = options.send
    this.#encode = options.encode
    this.#time = options.startTime
    this.#autoAdvanceMs = options.autoAdvanceMs
  }

  pipeInput(key: K | null, value: V | null, timestamp?: number, partition = 0): void {
    this.pipeRecord({ key, value, ...(timestamp === undefined ? {} : { timestamp }) }, partition)
  }

  pipeValue(value: V, timestamp?: number): void {
    this.pipeInput(null, value, timestamp)
  }

  pipeRecord(record: InputRecord<K, V>, partition = 0): void {
    this.#send([this.#row(record)], partition)
  }

  /** All at once: offered as one batch, or cut as the driver was told. */
  pipeRecordList(records: readonly InputRecord<K, V>[], partition = 0): void {
    this.#send(
      records.map((record) => this.#row(record)),
      partition,
    )
  }

  pipeKeyValueList(rows: readonly (readonly [K | null, V | null])[]): void {
    this.pipeRecordList(rows.map(([key, value]) => ({ key, value })))
  }

  pipeValueList(values: readonly V[]): void {
    this.pipeRecordList(values.map((value) => ({ key: null, value })))
  }

  /** Bytes as they would stand in the log: for malformed input. */
  pipeBytes(
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number = this.#stamp(),
    partition = 0,
  ): void {
    this.#send([{ key, value, timestamp }], partition)
  }

  /** Moves the time that rows without a timestamp get. */
  advanceTime(ms: number): void {
    this.#time += ms
  }

  #row(record: InputRecord<K, V>): TestRow {
    return {
      ...this.#encode(record),
      timestamp: record.timestamp ?? this.#stamp(),
      ...(record.headers === undefined ? {} : { headers: record.headers }),
    }
  }

  #stamp(): number {
    const time = this.#time
    this.#time += this.#autoAdvanceMs
    return time
  }
}

/** Reads what a sink was given, oldest first. */
export class TestOutputTopic<K, V> {
  readonly #name: string
  readonly #rows: () => CapturedRow[]

  constructor(name: string, rows: () => CapturedRow[]) {
    this.#name = name
    this.#rows = rows
  }

  readRecord(): TestRecord<K, V> {
    const row = this.#rows().shift()
    if (row === undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the sink ${this.#name} holds no further row: ask isEmpty() first`,
      )
    return row as TestRecord<K, V>
  }

  readKeyValue(): readonly [K, V] {
    const { key, value } = this.readRecord()
    return [key, value]
  }

  readValue(): V {
    return this.readRecord().value
  }

  readRecordsToList(): readonly TestRecord<K, V>[] {
    return this.#rows().splice(0) as unknown as TestRecord<K, V>[]
  }

  readKeyValuesToList(): readonly (readonly [K, V])[] {
    return this.readRecordsToList().map(({ key, value }) => [key, value] as const)
  }

  readValuesToList(): readonly V[] {
    return this.readRecordsToList().map(({ value }) => value)
  }

  /** The newest value of each key. */
  readKeyValuesToMap(): ReadonlyMap<K, V> {
    return new Map(this.readKeyValuesToList())
  }

  get queueSize(): number {
    return this.#rows().length
  }

  isEmpty(): boolean {
    return this.queueSize === 0
  }
}
