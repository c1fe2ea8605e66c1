/**
 * TestDriver: runs a topology without any log, one row at a time, on a clock of its own. It drives the task object of
 * production, a synchronous one, so its verbs are synchronous; with asynchronous nodes `await driver.settle()` runs their calls
 * until nothing is in flight. Needs no test runner.
 */
import { MillraceError } from '../errors.ts'
import { realEnv } from '../env.ts'
import type { LogFn } from '../env.ts'
import { durationMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import type { Source } from '../log/source.ts'
import type { Sink } from '../sink.ts'
import { MemoryTaskState } from '../state/memory/task-state.ts'
import type { TaskState } from '../state/state.ts'
import type { KeyValueStore, StoreSpec } from '../state/store.ts'
import type { GlobalNode, OnError, SourceNode } from '../topology/graph-node.ts'
import { planTasks } from '../topology/plan.ts'
import type { Topology } from '../topology/topology.ts'
import { badGlobalRow, GlobalTable } from '../runtime/global-table.ts'
import { addCounters, noSums } from '../runtime/report.ts'
import type { NodeReport } from '../runtime/report.ts'
import { deadLetterName, sinksOf } from '../runtime/wiring.ts'
import type { CapturedRow } from './capture.ts'
import { DrivenStores } from './driven-stores.ts'
import type {
  TestKeyValueStore,
  TestSessionStore,
  TestStore,
  TestVersionedStore,
  TestWindowStore,
} from './driven-stores.ts'
import { DrivenTask } from './driven-task.ts'
import { seededRandom } from './seeded-random.ts'
import { TestInputTopic, TestOutputTopic } from './test-topics.ts'
import type { InputRecord } from './test-topics.ts'
import type { TestRow } from './test-batch.ts'

/** What the driver needs of an app. */
export interface Testable {
  readonly id: string
  readonly onError: OnError
  topology(): Topology
}

export interface TestDriverOptions {
  /** Wall clock at the start, in ms. Default 0. */
  readonly startTime?: number
  /** Splits per source. Default 1. */
  readonly partitions?: number
  /** Rows per batch when lists are piped: results never depend on it (law 13). Default: all. */
  readonly batchRows?: number
  /** Rows that a closing window or a timer may emit before the next commit: results never depend on it. Default 2_000. */
  readonly drainRows?: number
  readonly seed?: number
  readonly log?: LogFn
  /**
   * The state of a task that begins, or begins again behind a crash: empty and open already. Default: memory. For state on disk
   * see `levelForTests`.
   */
  readonly state?: (task: string) => TaskState
}

/** Real milliseconds without any answer after which `settle` moves the virtual clock to the next timeout or retry. */
const patienceMs = 50

interface Waiting {
  readonly split: string
  readonly row: TestRow
}

export class TestDriver {
  readonly #topology: Topology
  readonly #onError: OnError
  readonly #batchRows: number
  readonly #tasks: DrivenTask[] = []
  readonly #outputs: Map<string, CapturedRow[]> = new Map()
  readonly #timers: ReturnType<typeof realEnv>['timers'] = realEnv().timers
  readonly #globals: Map<string, GlobalTable> = new Map()
  readonly #stores: DrivenStores
  /** Some rows cross a repartition log: then one row at a time is processed to its end, through all of them. */
  readonly #loops: boolean
  readonly #waiting: Waiting[] = []
  #now: number

  constructor(app: Testable, options: TestDriverOptions = {}) {
    this.#topology = app.topology()
    this.#stores = new DrivenStores(this.#topology, this.#tasks, this.#globals)
    this.#onError = app.onError
    this.#now = options.startTime ?? 0
    this.#batchRows = options.batchRows ?? Infinity
    const random = seededRandom(options.seed ?? 1)
    const partitions = options.partitions ?? 1
    for (const node of this.#topology.globals) {
      const onBadRow = badGlobalRow(node, app.onError, options.log ?? (() => {}))
      this.#globals.set(node.name, new GlobalTable(node.source, onBadRow))
    }
    this.#loops = this.#sources().some(({ repartition }) => repartition !== undefined)
    const splits = this.#sources().flatMap(({ source }) =>
      Array.from({ length: partitions }, (_, partition) => ({
        id: `${source.topic}:${partition}`,
        topic: source.topic,
        partition,
      })),
    )
    for (const assignment of planTasks(this.#topology.subTopologies, splits)) {
      const part = this.#topology.subTopologies.find(
        (candidate) => candidate.name === assignment.subTopology,
      )!
      this.#tasks.push(
        new DrivenTask({
          app: app.id,
          part,
          task: `${assignment.subTopology}/${assignment.task}`,
          splits: assignment.splits,
          onError: app.onError,
          random,
          log: options.log ?? (() => {}),
          now: () => this.#now,
          outputs: (sink) => this.#rowsOf(sink),
          drainRows: options.drainRows,
          state: options.state ?? (() => new MemoryTaskState()),
          partitions,
          deliver: (topic, partition, row) => this.#enqueue(`${topic}:${partition}`, row),
          globals: this.#globals,
        }),
      )
    }
  }

  /** The input of a source, by its spec or its name. */
  createInputTopic<K, V>(
    source: Source<K, V> | string,
    options: { startTime?: number; autoAdvance?: Duration } = {},
  ): TestInputTopic<K, V> {
    const { source: spec } = this.#globalNode(source) ?? this.#sourceNode(source)
    const encode = ({ key, value }: InputRecord<K, V>): { key: unknown; value: unknown } => ({
      key: wire(spec.key, key ?? null),
      value: wire(spec.value, value),
    })
    return new TestInputTopic<K, V>({
      encode,
      startTime: options.startTime ?? this.#now,
      autoAdvanceMs:
        options.autoAdvance === undefined ? 0 : durationMs(options.autoAdvance, 'autoAdvance'),
      send: (rows, partition) => this.#send(spec.topic, rows, partition),
    })
  }

  /** The output of a sink, by its spec or the name of its node. Dead-letter sinks are found by their spec. */
  createOutputTopic<K, V>(sink: Sink<V> | string): TestOutputTopic<K, V> {
    const name = this.#sinkName(sink as Sink<never> | string)
    return new TestOutputTopic<K, V>(name, () => {
      for (const driven of this.#tasks) driven.assertSettled()
      return this.#rowsOf(name)
    })
  }

  /** Moves the wall clock, and does what that makes due. */
  advanceWallClockTime(by: Duration | number): void {
    this.#now += typeof by === 'number' ? by : durationMs(by, 'advanceWallClockTime')
    for (const driven of this.#tasks) driven.pump()
    this.#runWaiting()
  }

  /** Runs calls of asynchronous nodes, and virtual time for their retries and timeouts, until nothing is in flight. */
  async settle(): Promise<void> {
    let waited = 0
    await this.#keepUp()
    while (this.#tasks.some((driven) => !driven.task.quiet)) {
      await this.#keepUp() // calls may end meanwhile: what is running is counted behind it
      const before = this.#tasks.reduce((sum, driven) => sum + driven.callsRunning, 0)
      await this.#timers.yield()
      for (const driven of this.#tasks) driven.pump()
      this.#runWaiting()
      const after = this.#tasks.reduce((sum, driven) => sum + driven.callsRunning, 0)
      if (after !== before) {
        waited = 0
        continue
      }
      if (after > 0 && waited < patienceMs) {
        await this.#timers.sleep(1)
        waited++
        continue
      }
      this.#jump()
      waited = 0
    }
  }

  /** State on disk: what is decided is written, what is due there is read and goes on. */
  async #keepUp(): Promise<void> {
    for (const driven of this.#tasks) while (await driven.upkeep()) driven.pump()
    this.#runWaiting()
  }

  /** As after kill -9: what was not committed is gone; the next row finds a restored task. */
  crash(): void {
    for (const driven of this.#tasks) driven.crash()
    for (const driven of this.#tasks) driven.run(this.#batchRows)
    this.#runWaiting()
  }

  /** Counters of a node, summed over tasks. `conserved`: law 1 holds in each of them. */
  counters(node: string): NodeReport & { readonly conserved: boolean } {
    const sums = noSums()
    let conserved = true
    const table = this.#globals.get(node)
    if (table !== undefined) addCounters(sums, table.counters)
    for (const driven of this.#tasks) {
      const counters = driven.task.counters().get(node)
      if (counters === undefined) continue
      addCounters(sums, counters)
      conserved &&= counters.conserved
    }
    return { ...sums, conserved }
  }

  /** A store as the processors of one partition see it; of a table: its values; or a global table. */
  getKeyValueStore<K, V>(
    store: StoreSpec<KeyValueStore<K, V>> | string,
    partition: number = 0,
  ): TestKeyValueStore<K, V> {
    const name = typeof store === 'string' ? store : store.name
    const found = this.#stores.get(name, partition, 'key-value', 'getKeyValueStore')
    return found as unknown as TestKeyValueStore<K, V>
  }

  /** The windows of an aggregate over tumbling, hopping, sliding or unlimited windows. */
  getWindowStore<K, V>(name: string, partition: number = 0): TestWindowStore<K, V> {
    const found = this.#stores.get(name, partition, 'window', 'getWindowStore')
    return found as unknown as TestWindowStore<K, V>
  }

  getSessionStore<K, V>(name: string, partition: number = 0): TestSessionStore<K, V> {
    const found = this.#stores.get(name, partition, 'session', 'getSessionStore')
    return found as unknown as TestSessionStore<K, V>
  }

  /** A table with `versioned`. */
  getVersionedStore<K, V>(name: string, partition: number = 0): TestVersionedStore<K, V> {
    const found = this.#stores.get(name, partition, 'versioned', 'getVersionedStore')
    return found as unknown as TestVersionedStore<K, V>
  }

  /** Every store of a partition that has a name for people, and the global tables. */
  allStateStores(partition: number = 0): ReadonlyMap<string, TestStore> {
    return this.#stores.all(partition)
  }

  /** The highest event time of all rows so far, those of repartition logs included; -Infinity before the first. */
  get newestTime(): number {
    return Math.max(-Infinity, ...this.#tasks.map(({ task }) => task.newestTime))
  }

  get nodes(): readonly string[] {
    const nodes = this.#tasks.flatMap((driven) => [...driven.task.counters().keys()])
    return [...new Set([...this.#globals.keys(), ...nodes])]
  }

  close(): void {
    for (const driven of this.#tasks) driven.close()
  }

  #send(topic: string, rows: readonly TestRow[], partition: number): void {
    for (const { name, source } of this.#topology.globals) {
      if (source.topic !== topic) continue
      for (const row of rows) this.#globals.get(name)!.apply(row.key, row.value, row.timestamp)
      return
    }
    const split = `${topic}:${partition}`
    if (this.#loops) {
      for (const row of rows) {
        this.#enqueue(split, row)
        this.#runWaiting()
      }
      return
    }
    const driven = this.#taskOf(split)
    driven.append(split, rows)
    driven.run(this.#batchRows)
  }

  #taskOf(split: string): DrivenTask {
    const driven = this.#tasks.find(({ splits }) => splits.some(({ id }) => id === split))
    if (driven === undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `there is no partition ${split.slice(split.lastIndexOf(':') + 1)} of ${split.slice(0, split.lastIndexOf(':'))}: raise { partitions } of the test driver`,
      )
    return driven
  }

  #enqueue(split: string, row: TestRow): void {
    this.#waiting.push({ split, row })
  }

  /** One row after the other: the oldest in time over the heads of all splits, and of those the one that came first. */
  #runWaiting(): void {
    for (let next = this.#nextWaiting(); next !== undefined; next = this.#nextWaiting()) {
      const driven = this.#taskOf(next.split)
      driven.append(next.split, [next.row])
      driven.run(this.#batchRows)
    }
  }

  #nextWaiting(): Waiting | undefined {
    const seen = new Set<string>()
    let best: Waiting | undefined
    for (const waiting of this.#waiting) {
      if (seen.has(waiting.split)) continue
      seen.add(waiting.split)
      if (best === undefined || waiting.row.timestamp < best.row.timestamp) best = waiting
    }
    if (best !== undefined) this.#waiting.splice(this.#waiting.indexOf(best), 1)
    return best
  }

  /** To the next timeout or retry of any task. */
  #jump(): void {
    let due = Infinity
    for (const driven of this.#tasks) due = Math.min(due, driven.task.nextDue ?? Infinity)
    if (due !== Infinity) this.#now = Math.max(this.#now, due)
    for (const driven of this.#tasks) driven.pump()
  }

  #rowsOf(sink: string): CapturedRow[] {
    let rows = this.#outputs.get(sink)
    if (rows === undefined) this.#outputs.set(sink, (rows = []))
    return rows
  }

  #sources(): readonly SourceNode[] {
    return this.#topology.subTopologies.flatMap((part) =>
      part.prefixes.map((prefix) => prefix.source),
    )
  }

  #globalNode(source: Source<unknown, unknown> | string): GlobalNode | undefined {
    return this.#topology.globals.find((node) => node.name === source || node.source === source)
  }

  #sourceNode(source: Source<unknown, unknown> | string): SourceNode {
    const found = this.#sources().find((node) => node.name === source || node.source === source)
    if (found === undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the topology has no source ${typeof source === 'string' ? source : source.name}: it has ${this.#sources()
          .map((node) => node.name)
          .join(', ')}`,
      )
    return found
  }

  #sinkName(sink: Sink<never> | string): string {
    const known = new Map<string, Sink<never>>()
    for (const part of this.#topology.subTopologies)
      for (const [name, spec] of sinksOf(part, this.#onError)) known.set(name, spec)
    if (typeof sink === 'string' && known.has(sink)) return sink
    for (const [name, spec] of known) if (spec === sink) return name
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `the topology has no sink ${typeof sink === 'string' ? sink : deadLetterName(sink)}: it has ${[...known.keys()].join(', ')}`,
    )
  }
}

/** As it would stand in the log; in-process sources carry values as they are. */
function wire(serde: { encode?: (value: never) => Uint8Array }, value: unknown): unknown {
  return value === null || serde.encode === undefined ? value : serde.encode(value as never)
}
