/** One task under the test driver: the production task object, offered rows, run dry and frozen after each. */
import { fold } from '../checkpoint/fold.ts'
import type { FoldedState } from '../checkpoint/fold.ts'
import { MillraceError } from '../errors.ts'
import type { LogFn } from '../env.ts'
import type { Position, Split } from '../log/position.ts'
import type { TaskState } from '../state/state.ts'
import type { OnError } from '../topology/graph-node.ts'
import type { SubTopology } from '../topology/compile.ts'
import { CallDriver } from '../runtime/call-driver.ts'
import { Task } from '../runtime/task.ts'
import type { Restored } from '../runtime/task.ts'
import { sinksOf } from '../runtime/wiring.ts'
import type { TableReader } from '../processors/processor.ts'
import { CapturePort } from './capture.ts'
import type { CapturedRow } from './capture.ts'
import { LoopPort } from './loop-port.ts'
import type { Deliver } from './loop-port.ts'
import { TestBatch } from './test-batch.ts'
import type { TestRow } from './test-batch.ts'

export interface DrivenTaskOptions {
  readonly app: string
  readonly part: SubTopology
  readonly task: string
  readonly splits: readonly Split[]
  readonly onError: OnError
  readonly random: () => number
  readonly log: LogFn
  readonly now: () => number
  readonly outputs: (sink: string) => CapturedRow[]
  readonly drainRows: number | undefined
  /** Of a task that begins, or begins again. */
  readonly state: (task: string) => TaskState
  /** Of each topic, repartition logs included. */
  readonly partitions: number
  /** Takes what is written to a repartition log. */
  readonly deliver: Deliver
  readonly globals: ReadonlyMap<string, TableReader>
}

export class DrivenTask {
  readonly #options: DrivenTaskOptions
  readonly #ports: Map<string, CapturePort | LoopPort>
  /** Everything ever piped into a split: what its log would hold. */
  readonly #history: Map<string, TestRow[]>
  readonly #offered: Map<string, number> = new Map()
  readonly #state: FoldedState = new Map()
  #epoch = 0
  #positions: ReadonlyMap<string, Position> = new Map()
  #watermarks: ReadonlyMap<string, number> = new Map()
  #taskState: TaskState
  #task: Task
  #calls: CallDriver

  constructor(options: DrivenTaskOptions) {
    this.#options = options
    this.#ports = new Map(
      [...sinksOf(options.part, options.onError).keys()].map((sink) => [
        sink,
        new CapturePort(options.outputs(sink)),
      ]),
    )
    for (const node of options.part.nodes)
      if (node.kind === 'repartition')
        this.#ports.set(node.name, new LoopPort(node, options.partitions, options.deliver))
    this.#history = new Map(options.splits.map((split) => [split.id, []]))
    this.#taskState = options.state(options.task)
    this.#task = this.#build(undefined)
    // A split into which nothing is piped is one that is caught up.
    for (const { id } of options.splits) this.#task.caughtUp(id, true)
    this.#task.tick(options.now(), options.now())
    this.#calls = this.#callDriver()
  }

  get splits(): readonly Split[] {
    return this.#options.splits
  }

  get part(): SubTopology {
    return this.#options.part
  }

  get task(): Task {
    return this.#task
  }

  get callsRunning(): number {
    return this.#calls.running
  }

  /** Adds rows to the log of a split, without offering them. */
  append(split: string, rows: readonly TestRow[]): void {
    this.#history.get(split)!.push(...rows)
  }

  /** Offers what has not been offered, in batches of at most `rows`, and runs until nothing is left to take. */
  run(rows: number): void {
    for (const { id } of this.#options.splits) {
      const history = this.#history.get(id)!
      for (let first = this.#offered.get(id) ?? 0; first < history.length;) {
        const batch = new TestBatch(id, first, history.slice(first, first + rows))
        first += batch.length
        this.#offered.set(id, first)
        this.#task.offer(batch)
      }
      this.#task.caughtUp(id, true)
    }
    this.pump()
  }

  /** Lets the task do what it can, and commits. */
  pump(): void {
    const now = this.#options.now()
    this.#task.tick(now, now)
    try {
      for (;;) {
        const end = this.#task.run(1_000)
        this.#calls.carryOut(this.#task.effects())
        if (end === 'more') continue
        this.commit()
        if (end !== 'full' || !this.#task.wantsCommit) break
      }
    } catch (error) {
      for (const port of this.#ports.values()) port.drop()
      throw error
    }
  }

  commit(): void {
    const frozen = this.#task.freeze()
    fold(this.#state, frozen.deltas)
    this.#positions = frozen.positions
    this.#watermarks = frozen.watermarks
    this.#task.decided()
  }

  /** As after kill -9: what was not committed is gone, and a new task starts from the last commit. */
  crash(): void {
    this.#calls.cancelAll()
    for (const port of this.#ports.values()) port.drop()
    void this.#taskState.close()
    this.#taskState = this.#options.state(this.#options.task)
    this.#task = this.#build({
      positions: this.#positions,
      watermarks: this.#watermarks,
      state: this.#state,
    })
    this.#calls = this.#callDriver()
    for (const { id } of this.#options.splits)
      this.#offered.set(id, Number(this.#positions.get(id) ?? '0'))
  }

  /** State on disk: writes what is decided, and reads what is due next. True when that lets the task go on. */
  async upkeep(): Promise<boolean> {
    const state = this.#taskState
    const { starved } = state
    await state.apply()
    if (starved) await state.refill()
    return starved
  }

  close(): void {
    this.#calls.cancelAll()
    this.#task.close()
    void this.#taskState.close()
  }

  assertSettled(): void {
    if (this.#task.quiet) return
    throw new MillraceError(
      'MILLRACE_UNSETTLED',
      `rows are still in flight in an asynchronous node, or due on disk: await driver.settle() before reading outputs`,
      { at: { task: this.#options.task } },
    )
  }

  #build(restored: Restored | undefined): Task {
    const { app, part, task, splits, onError, random, log, globals, partitions } = this.#options
    return new Task({
      app,
      part,
      task,
      splits,
      onError,
      now: this.#options.now(),
      random,
      log,
      ports: this.#ports,
      restored,
      globals,
      drainRows: this.#options.drainRows,
      identity: { task, epoch: this.#epoch++, tasks: partitions, generation: 0 },
      state: this.#taskState,
    })
  }

  #callDriver(): CallDriver {
    const task = this.#task
    return new CallDriver((id, result) => task.complete(id, result))
  }
}
