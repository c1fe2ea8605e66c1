/**
 * Task: a sub-topology on a set of splits, as a synchronous object. It never awaits: its drivers (the worker's loop, the
 * test driver, a simulation) offer it batches, tell it the time and the outcome of calls, carry out its effects, and store
 * what it freezes. Equal inputs and an equal seed give equal outputs (law 9), however the batches were cut (law 13).
 *
 * One turn: `run(rowsMax)` takes rows one at a time, the lowest (event time, topic, partition) over the heads of the splits,
 * and none while a split is empty and not known to be caught up. Each row passes its whole stage; then the T it causes;
 * then what is owed. Later stages go first, so that queues stay short.
 */
import type { Batch } from '../log/source-port.ts'
import type { Position, Split } from '../log/position.ts'
import type { Section } from '../sink.ts'
import { opsOf } from '../checkpoint/fold.ts'
import type { FoldedState } from '../checkpoint/fold.ts'
import type { StoreDelta } from '../checkpoint/record.ts'
import type { LogFn } from '../env.ts'
import { MillraceError } from '../errors.ts'
import type { TaskState } from '../state/state.ts'
import type { StoreSpec } from '../state/store.ts'
import type { RowsOf, StoreReader } from '../state/stored-rows.ts'
import type { SubTopology } from '../topology/compile.ts'
import type { OnError } from '../topology/graph-node.ts'
import type { Node } from '../processors/node.ts'
import type { Placement } from '../processors/placement.ts'
import type { Receiver, TableReader } from '../processors/processor.ts'
import type { Counters } from '../processors/counters.ts'
import type { MarkerIdentity } from '../processors/repartition.ts'
import { Calls } from './calls.ts'
import type { CallResult, Effect } from './effects.ts'
import { Failures } from './failures.ts'
import { InFlightStore, isInFlight } from './in-flight.ts'
import { Inputs } from './inputs.ts'
import { BatchOrigin } from './origin.ts'
import type { Cut } from './split-input.ts'
import { Stages } from './stages.ts'
import { wire } from './wiring.ts'
import type { Fillable, SinkPorts, Wired } from './wiring.ts'

/** Why `run` came back. */
export type RunEnd =
  /** The row budget is used up: call again. */
  | 'more'
  /** A split is empty, and the log may hold more. */
  | 'starved'
  /** Every split is consumed to its end, as far as the log has told. */
  | 'caught-up'
  /** A sink or an async node is full: freeze, or wait for answers. */
  | 'full'
  /** The next row is the one to stop before. */
  | 'cut'
  /** What is due next is on disk: wait for `refill` of the task's state. */
  | 'refill'

/** The positions, times, state and staged rows of one commit, as they were between two rows. */
export interface Frozen {
  readonly positions: ReadonlyMap<string, Position>
  readonly watermarks: ReadonlyMap<string, number>
  readonly deltas: readonly StoreDelta[]
  readonly sections: readonly (Section & { readonly sink: string })[]
}

export interface Restored {
  readonly positions: ReadonlyMap<string, Position>
  readonly watermarks: ReadonlyMap<string, number>
  readonly state: FoldedState
}

export interface TaskOptions {
  readonly app: string
  readonly task: string
  readonly part: SubTopology
  readonly splits: readonly Split[]
  readonly ports: SinkPorts
  readonly onError: OnError
  readonly random: () => number
  readonly log: LogFn
  readonly restored: Restored | undefined
  readonly cut?: Cut | undefined
  /** Where its stores live; needed by a sub-topology with stores. */
  readonly state?: TaskState | undefined
  /** The global tables of its worker, by the name of their node. */
  readonly globals?: ReadonlyMap<string, TableReader> | undefined
  readonly placement?: Placement | undefined
  /** Wall clock when it is built: what schedules made by its nodes count from. */
  readonly now?: number | undefined
  /** Rows that are owed and may leave between two rows, before the driver gets a word in. Shows in no result. */
  readonly drainRows?: number | undefined
  /** How it signs what it says of its time behind a repartition log. */
  readonly identity?: MarkerIdentity | undefined
}

export class Task {
  readonly #wired: Wired
  readonly #stages: Stages
  readonly #inputs: Inputs
  /** Where the rows of each split enter the first stage. */
  readonly #entries: readonly Receiver[]
  readonly #calls: Calls
  readonly #inFlight: InFlightStore = new InFlightStore()
  readonly #origin: BatchOrigin = new BatchOrigin()
  readonly #clock: { now: number; monotonic: number } = { now: 0, monotonic: 0 }
  readonly #sinks: readonly Fillable[]
  readonly #ports: SinkPorts
  readonly #state: TaskState | undefined
  /** One split of a log of others, one stage, nothing that acts on time. */
  readonly #plain: boolean
  #seq = 0
  #changed = false
  #broken = false
  #intake = true

  constructor(options: TaskOptions) {
    this.#calls = new Calls(options.random)
    this.#ports = options.ports
    this.#clock.now = options.now ?? 0
    this.#wired = wire(options.part, {
      clock: this.#clock,
      failures: new Failures({ app: options.app, task: options.task }, options.log),
      calls: this.#calls,
      nextSeq: () => ++this.#seq,
      ports: options.ports,
      onError: options.onError,
      state: options.state,
      globals: options.globals ?? new Map(),
      identity: options.identity ?? { task: options.task, epoch: 0, tasks: 1, generation: 0 },
      placement: options.placement,
      drainRows: options.drainRows ?? Infinity,
      idle: () => this.#inputs.watermark.idle,
    })
    this.#state = options.state
    this.#stages = new Stages(this.#wired.stages, options.drainRows)
    this.#sinks = [...this.#wired.sinks.values()]
    this.#inputs = new Inputs({
      part: options.part,
      splits: options.splits,
      prefixes: this.#wired.prefixes,
      positions: options.restored?.positions ?? new Map(),
    })
    this.#plain =
      this.#stages.plain &&
      this.#inputs.splits.length === 1 &&
      options.part.prefixes.every(({ source }) => source.repartition === undefined)
    this.#entries = this.#inputs.splits.map(({ split }) => this.#wired.entries.get(split.topic)!)
    if (options.restored !== undefined) this.#restore(options.restored)
    if (options.cut !== undefined) this.#cutBefore(options.cut)
  }

  /** A row that was in flight at the last commit is behind the position of its split: the line of its queue is cut. */
  #cutBefore(cut: Cut): void {
    if (this.#stages.stopBefore(cut)) this.#intake = false
    else this.#inputs.cutBefore(cut)
  }

  // ---- what a driver tells the task

  /** Takes no further row from a split; what has been taken goes on. */
  endIntake(): void {
    this.#intake = false
  }

  /** A fetched batch of one of its splits, in the split's order. */
  offer(batch: Batch): void {
    this.#inputs.offer(batch)
  }

  /** The newest answer of the log: is there nothing behind what has been offered? */
  caughtUp(split: string, caughtUp: boolean): void {
    this.#inputs.caughtUp(split, caughtUp)
  }

  /** The outcome of a call that `effects` asked for. A late or unknown one is ignored. */
  complete(id: number, result: CallResult): void {
    this.#calls.complete(id, result)
  }

  /** The time. Call at least once a turn and whenever `nextDue` has come. */
  tick(now: number, monotonic: number): void {
    this.#clock.now = now
    this.#clock.monotonic = monotonic
    this.#calls.tick(monotonic)
    const watermark = this.#inputs.tick(monotonic)
    // What is full is not fed: punctuators and closes wait, and come as one when there is room.
    if (this.#stages.owes || this.#full) return
    this.#stages.first.row.origin = undefined // nobody's row: what follows is made by the wall clock
    this.#stages.tick(now)
    this.#stages.moveTime(watermark)
  }

  // ---- what it does

  /** Takes rows until the budget is used up or something is in the way. Throws the task's failure, once. */
  run(rowsMax: number): RunEnd {
    if (this.#broken) throw new MillraceError('MILLRACE_INVARIANT', 'a failed task was run again')
    try {
      return this.#run(rowsMax)
    } catch (error) {
      this.#broken = true
      throw error
    }
  }

  #run(rowsMax: number): RunEnd {
    const stages = this.#stages
    if (this.#plain && this.#intake) return this.#runPlain(rowsMax)
    let left = rowsMax
    while (left > 0) {
      if (this.#sinksFull) return 'full'
      if (stages.owes && !stages.settle(this.#inputs.watermark.value, this.#calls.full)) {
        if (this.#state?.starved === true) return 'refill'
        if (this.#sinksFull) return 'full'
        if (!this.#queuesFull) return 'more'
        if (!stages.deliver()) return 'full'
        left--
        continue
      }
      if (stages.later && stages.deliver()) {
        left--
        continue
      }
      if (!this.#intake) return this.cutInFlight ? 'cut' : 'caught-up'
      if (stages.later && this.#queuesFull) return 'full'
      const next = this.#inputs.next()
      // Rows of a repartition log bring the T in front of them.
      if (this.#inputs.watermark.value > stages.first.watermark) {
        stages.moveTime(this.#inputs.watermark.value)
        if (stages.owes) continue
      }
      if (typeof next !== 'number') return next
      this.#push(next)
      left--
    }
    return 'more'
  }

  /** What `#run` comes to for one split and a plain stage, without asking for each row what cannot be: 15 of 160 ns. */
  #runPlain(rowsMax: number): RunEnd {
    const inputs = this.#inputs
    const input = inputs.splits[0]!
    const entry = this.#entries[0]!
    const head = input.head
    const { row } = this.#stages.first
    const origin = this.#origin
    const { watermark } = inputs
    const sinks = this.#sinks
    for (let left = rowsMax; left > 0; left--) {
      for (let i = 0; i < sinks.length; i++) if (sinks[i]!.full) return 'full'
      if (!input.hasHead) {
        if (input.advance() > 0) inputs.moved = true
        if (!input.hasHead) return input.cut ? 'cut' : input.unknown ? 'starved' : 'caught-up'
      }
      if (input.cut) return 'cut'
      row.time = head.time
      row.entered = head.time
      row.headers = head.headers
      row.origin = origin.point(input.split.topic, input.batch!, input.index)
      this.#changed = true
      entry.process(head.key, head.value, row)
      input.consume()
      watermark.observe(0, head.time)
      if (watermark.value > row.watermark) row.watermark = watermark.value
    }
    return 'more'
  }

  #push(i: number): void {
    const input = this.#inputs.splits[i]!
    const { head } = input
    const stages = this.#stages
    const { row } = stages.first
    row.time = head.time
    row.entered = head.time
    row.headers = head.headers
    row.origin = this.#origin.point(input.split.topic, input.batch!, input.index)
    this.#changed = true
    this.#entries[i]!.process(head.key, head.value, row)
    input.consume()
    const { watermark } = this.#inputs
    if (stages.plain) {
      watermark.observe(i, head.time)
      if (watermark.value > row.watermark) row.watermark = watermark.value
      return
    }
    stages.drain(stages.first)
    watermark.observe(i, head.time)
    stages.moveTime(watermark.value)
  }

  // ---- bounds

  get #sinksFull(): boolean {
    for (let i = 0; i < this.#sinks.length; i++) if (this.#sinks[i]!.full) return true
    return false
  }

  get #queuesFull(): boolean {
    return this.#calls.full || this.#stages.full
  }

  get #full(): boolean {
    return this.#sinksFull || this.#queuesFull
  }

  /** True when a sink's bound asks for a commit now. */
  get wantsCommit(): boolean {
    return this.#sinksFull
  }

  /** Rows of this split that have been offered and not yet taken. */
  buffered(split: string): number {
    return this.#inputs.buffered(split)
  }

  /** Nothing is in flight, owed or waiting between stages. */
  get quiet(): boolean {
    return this.#calls.size === 0 && this.#stages.quiet
  }

  /** Every split has been taken to the end the log knows of, and nothing is under way. */
  get done(): boolean {
    return this.quiet && this.#inputs.exhausted
  }

  /** Monotonic time at which `tick` is of use, or undefined. */
  get nextDue(): number | undefined {
    let due = this.#calls.nextDue ?? Infinity
    if (!this.#stages.owes && !this.#full) {
      const { now, monotonic } = this.#clock
      due = Math.min(due, this.#inputs.watermark.nextIdle ?? Infinity)
      due = Math.min(due, monotonic + Math.max(0, this.#stages.nextTick - now))
    }
    return due === Infinity ? undefined : due
  }

  /** The row to stop before is next in a line between two stages, and nothing older is further down. */
  get cutInFlight(): boolean {
    return this.#stages.cutInFlight
  }

  /** What the driver is to do; each effect is told once. */
  effects(): readonly Effect[] {
    return this.#calls.effects.length === 0 ? none : this.#calls.effects.splice(0)
  }

  // ---- commit and restore

  /** True when there is something worth a commit: rows taken or ended, positions moved. A bare T is not. */
  get changed(): boolean {
    return (
      this.#changed ||
      this.#stages.changed ||
      this.#inputs.moved ||
      this.#sinks.some(({ changed }) => changed === true) ||
      (this.#state !== undefined && this.#state.dirty > 0)
    )
  }

  /** Between two rows: what changed since the last freeze. Processing may go on at once. */
  freeze(): Frozen {
    this.#stages.flush()
    const watermarks = new Map<string, number>()
    this.#inputs.saveTimes(watermarks)
    this.#stages.saveTimes(watermarks)
    const sections: (Section & { sink: string })[] = []
    for (const [sink, port] of this.#ports)
      for (const section of port.freeze())
        sections.push({ sink, lane: section.lane, rows: section.rows, bytes: section.bytes })
    for (const sink of this.#sinks) sink.full = false
    this.#changed = false
    this.#stages.changed = false
    this.#inputs.moved = false
    return {
      positions: this.#inputs.positions(),
      watermarks,
      deltas: [
        ...this.#inFlight.delta(this.#stages.all.flatMap((stage) => stage.queue ?? [])),
        ...(this.#state?.freeze() ?? []),
      ],
      sections,
    }
  }

  /** The oldest freeze that was undecided is decided. */
  decided(): void {
    this.#state?.decided()
  }

  #restore(restored: Restored): void {
    this.#inputs.restoreTimes(restored.watermarks)
    this.#stages.restoreTimes(restored.watermarks)
    for (const [store, rows] of restored.state)
      if (!isInFlight(store)) this.#restoreStore(store, rows)
    this.#seq = this.#inFlight.restore(restored.state, this.#wired.inFlight)
    this.#stages.passTimesOn()
  }

  #restoreStore(store: string, rows: ReadonlyMap<string, Uint8Array>): void {
    if (this.#state === undefined)
      throw new MillraceError(
        'MILLRACE_TOPOLOGY_CHANGED',
        `the checkpoint holds rows of the store ${store}, which this topology does not have: give the store its old name, or start with an empty checkpoint`,
      )
    this.#state.restore(store, opsOf(rows))
  }

  // ---- for people and metrics

  /** A store of this task, for those who ask it by its name. */
  reader(store: StoreSpec, of: RowsOf): StoreReader {
    const state = this.#state!
    const times = this.#wired.times.get(store.name)!
    return store.view!.open({ rows: (name) => state.rows(name, of), times })
  }

  counters(): ReadonlyMap<string, Counters> {
    return new Map(
      [...this.#wired.nodes].map(([name, node]: [string, Node]) => [name, node.counters]),
    )
  }

  /** Rows taken from the sources, those that ended in a prefix included. */
  get rowsTaken(): number {
    return this.#inputs.taken
  }

  get watermark(): number {
    return this.#stages.first.watermark
  }

  /** The highest event time taken. */
  get newestTime(): number {
    return this.#inputs.newestTime
  }

  get splits(): readonly string[] {
    return this.#inputs.splits.map(({ split }) => split.id)
  }

  close(): void {
    this.#stages.close()
  }
}

const none: readonly Effect[] = Object.freeze([])
