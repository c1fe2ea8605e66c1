/**
 * Runs a case under the test driver, and gathers what its sinks were given, each row with the input that made it leave. One at a time,
 * that is the input just processed. In a batch it is the row that the output's origin names: a close or join result has the origin of
 * the row that triggered it.
 */
import { TestDriver } from '@millrace/core/testing'
import type { TestInputTopic, TestOutputTopic } from '@millrace/core/testing'
import type { Case, ExpectedRow } from '../case.ts'
import type { Program, SinkOf } from '../plan/build.ts'
import { fromRow, toRow } from '../plan/types.ts'
import { batchesOf } from './batches.ts'
import type { RowBatch } from './batches.ts'
import { droppedRecords, reasonsOf } from './drops.ts'
import type { Reasons } from './drops.ts'
import type { Mode } from './modes.ts'
import type { Stores } from './stores.ts'

export interface Outcome {
  readonly rows: readonly ExpectedRow[]
  /** Asked only where the case names a number. */
  readonly dropped: () => number
  /** The input that failed the task, and how. */
  readonly failure: { readonly after: number; readonly error: unknown } | undefined
}

interface Input {
  readonly topic: TestInputTopic<unknown, unknown>
  readonly key: (value: unknown) => unknown
  readonly value: (value: unknown) => unknown
  /** Inputs of this split, by the number of rows before them. */
  readonly taken: number[]
}

interface Output extends SinkOf {
  readonly sinkName: string
  readonly topic: TestOutputTopic<unknown, unknown>
}

export async function runCase(
  test: Case,
  program: Program,
  mode: Mode,
  stores: Stores,
): Promise<Outcome> {
  const driver = new TestDriver(program.app, {
    ...stores.options,
    ...(mode.drain === undefined ? {} : { drainRows: mode.drain }),
  })
  program.newest.time = () =>
    test.plan.config?.clock === undefined ? driver.newestTime : -Infinity
  try {
    return await new CaseRun(test, program, mode, driver).run(stores.onDisk)
  } finally {
    driver.close()
  }
}

class CaseRun {
  readonly #test: Case
  readonly #program: Program
  readonly #mode: Mode
  readonly #driver: TestDriver
  readonly #inputs: Map<string, Input> = new Map()
  readonly #outputs: readonly Output[]
  readonly #rows: ExpectedRow[] = []

  constructor(test: Case, program: Program, mode: Mode, driver: TestDriver) {
    this.#test = test
    this.#program = program
    this.#mode = mode
    this.#driver = driver
    for (const [topic, { splits, key, value }] of program.topics)
      splits.forEach((source, i) =>
        this.#inputs.set(`${topic}:${i}`, {
          topic: driver.createInputTopic(source),
          key: (row) => fromRow(key, row),
          value: (row) => fromRow(value, row),
          taken: [],
        }),
      )
    this.#outputs = [...program.sinks].map(([sinkName, sink]) => ({
      sinkName,
      ...sink,
      topic: driver.createOutputTopic<unknown, unknown>(sink.sink),
    }))
  }

  async run(onDisk: boolean): Promise<Outcome> {
    let failure: Outcome['failure']
    const lives: Reasons[] = []
    for (const batch of batchesOf(this.#test, this.#mode)) {
      try {
        if (batch.kind === 'clock') this.#driver.advanceWallClockTime(batch.ms)
        else this.#pipe(batch)
        if (onDisk) await this.#driver.settle()
      } catch (error) {
        failure = { after: batch.first, error }
        break
      }
      this.#collect(batch.first, batch.kind === 'rows' ? batch : undefined)
      if (!this.#mode.restore) continue
      lives.push(reasonsOf(this.#driver))
      this.#driver.crash()
      if (onDisk) await this.#driver.settle()
    }
    lives.push(reasonsOf(this.#driver))
    const topology = this.#program.app.topology()
    return { rows: this.#rows, dropped: () => droppedRecords(topology, lives), failure }
  }

  #pipe({ topic, partition, first, rows }: RowBatch): void {
    const input = this.#inputs.get(`${topic}:${partition}`)
    if (input === undefined) throw new Error(`input ${first}: no split ${partition} of ${topic}`)
    rows.forEach((_, i) => input.taken.push(first + i))
    input.topic.pipeRecordList(
      rows.map(({ key, value, ts }) => ({
        key: input.key(key),
        value: input.value(value),
        timestamp: ts,
      })),
    )
  }

  #collect(first: number, batch: RowBatch | undefined): void {
    for (const { sinkName, key, value, topic } of this.#outputs)
      for (const row of topic.readRecordsToList())
        this.#rows.push({
          sink: sinkName,
          key: toRow(key, row.key),
          value: toRow(value, row.value),
          ts: row.timestamp,
          after:
            batch === undefined || batch.rows.length === 1 ? first : this.#cause(batch, row.origin),
        })
  }

  /** The input that the row's origin names. A position is the number of rows up to it. */
  #cause(
    { topic, partition, first }: RowBatch,
    origin: { readonly position: string } | undefined,
  ): number {
    if (origin === undefined) throw new Error(`a row behind input ${first} has no origin`)
    return this.#inputs.get(`${topic}:${partition}`)!.taken[Number(origin.position) - 1] ?? -1
  }
}
