/**
 * Worker: runs the tasks assigned to it in one loop. A turn gives every task a slice; when none gets anywhere it waits for one
 * event: rows, an answer, a decided commit, a timer. It never waits for all of anything.
 */
import type { CheckpointSpec } from '../checkpoint/spec.ts'
import type { ObjectStore } from '../checkpoint/object-store.ts'
import type { Env } from '../env.ts'
import { isMillraceError, messageOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import type { Log, OpenContext } from '../log/log.ts'
import type { Membership, TaskAssignment } from '../log/membership.ts'
import type { Split } from '../log/position.ts'
import type { StateSpec } from '../state/state.ts'
import type { OnError } from '../topology/graph-node.ts'
import { refuseUnequalPartitions, sizeRepartitions } from '../topology/co-partition.ts'
import type { SubTopology } from '../topology/compile.ts'
import { planTasks } from '../topology/plan.ts'
import { badGlobalRow } from './global-table.ts'
import { Globals } from './globals.ts'
import type { GlobalTable } from './global-table.ts'
import type { Topology } from '../topology/topology.ts'
import { openTask } from './assignment.ts'
import type { AssignmentContext } from './assignment.ts'
import { fit } from './fit.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { QueryHost } from './queries.ts'
import { RunningTask, cutOf } from './running-task.ts'
import type { Cut } from './split-input.ts'
import { replayToCut } from './replay.ts'
import { Replacements } from './replacements.ts'
import { Totals } from './report.ts'
import type { NodeReport, WorkerReport } from './report.ts'
import { drainAndClose } from './shutdown.ts'
import { Wake, idleWaitMs } from './wake.ts'

export interface RunOptions {
  /** 'stopped' (default): until it is told to stop. 'caught-up': until everything the logs hold is done with. */
  readonly until?: 'stopped' | 'caught-up'
  /** How long a graceful stop may take. Default '30s'. */
  readonly stopWithin?: Duration
  /** A task has failed for good: stop the app (default), or build the task anew from its last commit. */
  readonly uncaught?: (error: unknown, task: string) => 'stop' | 'replace'
}

export interface WorkerOptions extends RunOptions {
  readonly app: string
  readonly topology: Topology
  readonly onError: OnError
  readonly env: Env
  readonly dir: string
  readonly checkpoint: CheckpointSpec
  readonly state: StateSpec
  readonly lifecycle: Lifecycle
}

/** Openings of a task whose first commit a cluster leaves undecided. */
const opensMax = 5
/** Settled by opening the task anew: a commit without an answer; a local cache that cannot be read. */
const builtAnew: readonly ErrorCode[] = ['MILLRACE_UNDECIDED', 'MILLRACE_STATE_DAMAGED']
export const stopWithinDefault: Duration = '30s'

export class Worker {
  readonly #options: WorkerOptions
  readonly #env: Env
  readonly #wake: Wake
  readonly #tasks: Map<string, RunningTask> = new Map()
  readonly #assignments: Map<string, TaskAssignment> = new Map()
  /** Tasks that belong here, whether they run or not. */
  readonly #owned: Map<string, TaskAssignment> = new Map()
  readonly #logs: Map<string, Log> = new Map()
  readonly #memberships: Membership[] = []
  readonly #replacements: Replacements = new Replacements()
  /** Of tasks that run no more. */
  readonly #past: Totals = new Totals()
  readonly #abort: AbortController = new AbortController()
  /** Tasks of each sub-topology, over all workers. */
  readonly #planned: Map<string, number> = new Map()
  #globals: Globals | undefined = undefined
  #globalsArmed = false
  #store: ObjectStore | undefined = undefined
  #context: AssignmentContext | undefined = undefined
  #started: Promise<void> | undefined = undefined
  #loop: Promise<void> | undefined = undefined
  #stopping = false
  #stopped: Promise<void> | undefined = undefined
  #error: unknown = undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#env = options.env
    this.#wake = new Wake(options.env.timers)
  }

  /** Opens logs and checkpoint, joins, and starts the loop. */
  start(): Promise<void> {
    this.#started ??= this.#start()
    return this.#started
  }

  async #start(): Promise<void> {
    const { app, topology, env, dir, checkpoint } = this.#options
    const open = { env, app, dir }
    try {
      this.#store = await checkpoint.open(open)
      await fit(this.#store, app, topology.fingerprint, false)
      await this.#openLogs(open)
      this.#globals = await Globals.open(
        topology.globals,
        (system) => this.#logs.get(system)!,
        this.#abort.signal,
        (node) => badGlobalRow(node, this.#options.onError, env.log),
      )
      this.#context = {
        app,
        topology,
        onError: this.#options.onError,
        env,
        open,
        store: this.#store,
        checkpoint,
        writer: env.id(),
        logOf: (system) => this.#logs.get(system)!,
        wake: () => this.#wake.wake(),
        eager: this.#options.until === 'caught-up',
        state: this.#options.state,
        globals: this.#globals.tables,
        tasksOf: (subTopology) => this.#planned.get(subTopology) ?? 1,
      }
      for (const [system, log] of this.#logs) await this.#join(system, log)
      // Only now: a start that fails must leave the way back to the old topology open.
      await fit(this.#store, app, topology.fingerprint, true)
    } catch (error) {
      await this.#release(false)
      this.#fail(error)
      throw error
    }
    this.#options.lifecycle.to('RUNNING')
    this.#loop = this.#run()
  }

  /** Every log system once; then the repartition logs, which are sized after the topics that are there. */
  async #openLogs(open: OpenContext): Promise<void> {
    const { subTopologies, globals } = this.#options.topology
    const nodes = subTopologies.flatMap(({ prefixes }) => prefixes.map(({ source }) => source))
    const foreign = [
      ...nodes.filter(({ repartition }) => repartition === undefined),
      ...globals,
    ].map(({ source }) => source)
    for (const { source } of [...nodes, ...globals]) {
      const { system } = source.log
      if (this.#logs.has(system)) continue
      const sources = foreign.filter(({ log }) => log.system === system)
      this.#logs.set(system, await source.log.open(open, sources))
    }
    const partitions = new Map<string, number>()
    for (const { topic, log } of foreign) {
      const splits = await this.#logs.get(log.system)!.admin.splits(topic)
      if (splits.every(({ hashRange }) => hashRange === undefined))
        partitions.set(topic, splits.length)
    }
    for (const [topic, size] of sizeRepartitions(subTopologies, (name) => partitions.get(name))) {
      const { source } = nodes.find((node) => node.source.topic === topic)!
      await this.#logs.get(source.log.system)!.admin.ensure(topic, size)
      partitions.set(topic, size)
    }
    refuseUnequalPartitions(subTopologies, (topic) => partitions.get(topic))
  }

  /** Resolves when it has stopped; rejects with what made it stop. */
  async finished(): Promise<WorkerReport> {
    await this.#loop
    await this.#stopped
    if (this.#error !== undefined) throw this.#error
    return this.report()
  }

  /** Graceful: intake ends, what is in flight is finished, a last commit, everything released. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#stopping = true
    this.#wake.wake()
    await this.#started?.catch(() => {})
    await this.#loop
    if (this.#error === undefined) await this.#leave()
  }

  async #join(system: string, log: Log): Promise<void> {
    const parts = this.#options.topology.subTopologies.filter(
      (part) => part.prefixes[0]!.source.source.log.system === system,
    )
    const topics = parts.flatMap((part) =>
      part.prefixes.map((prefix) => prefix.source.source.topic),
    )
    const membership = log.membership()
    this.#memberships.push(membership)
    await membership.join(topics, (splits) => this.#plan(parts, splits), {
      onAssigned: async (tasks) => {
        for (const task of tasks) this.#owned.set(idOf(task), task)
        for (const task of tasks) await this.#open(task)
      },
      onRevoke: async (tasks, deadlineMs) => {
        await Promise.all(tasks.map((task) => this.#revoke(idOf(task), deadlineMs)))
      },
      onSplitEnd: (split) => this.#endSplit(split),
      onLost: (tasks) => {
        for (const task of tasks) void this.#drop(idOf(task))
      },
      onFailed: (error) => {
        this.#error ??= error
        this.#wake.wake()
      },
    })
  }

  #plan(parts: readonly SubTopology[], splits: readonly Split[]): readonly TaskAssignment[] {
    const tasks = planTasks(parts, splits)
    for (const { name } of parts)
      this.#planned.set(name, tasks.filter(({ subTopology }) => subTopology === name).length)
    return tasks
  }

  async #open(assignment: TaskAssignment): Promise<void> {
    const id = idOf(assignment)
    this.#assignments.set(id, assignment)
    for (let tries = 1; !this.#tasks.has(id); tries++) {
      try {
        this.#tasks.set(id, await openTask(this.#context!, assignment))
      } catch (error) {
        const unknown = isMillraceError(error) && error.code === 'MILLRACE_UNDECIDED'
        if (!unknown || tries === opensMax) throw error
      }
    }
    this.#wake.wake()
  }

  async #revoke(id: string, deadlineMs: number): Promise<void> {
    this.#replacements.forget(id)
    this.#owned.delete(id)
    const running = this.#tasks.get(id)
    if (running === undefined) return
    this.#tasks.delete(id)
    await drainAndClose(running, this.#env, deadlineMs)
    this.#retire(running)
  }

  /** Resolves when every task on the split has decided its final record: only then may children start. */
  async #endSplit(split: string): Promise<void> {
    const ending = [...this.#tasks.values()].filter((running) =>
      running.task.splits.includes(split),
    )
    for (const running of ending) {
      while (this.#tasks.has(running.id) && !running.idle) await this.#env.timers.sleep(5)
      if (this.#tasks.has(running.id)) await this.#revoke(running.id, idleWaitMs)
    }
  }

  /** Somebody else may own it already: nothing of it is awaited, nothing undecided becomes visible. */
  async #drop(id: string): Promise<void> {
    this.#replacements.forget(id)
    this.#owned.delete(id)
    const running = this.#tasks.get(id)
    this.#tasks.delete(id)
    await running?.close()
  }

  // ---- the loop

  async #run(): Promise<void> {
    let calm = 0
    while (!this.#stopping && this.#error === undefined) {
      let progressed = this.#globals?.poll() === true
      for (const id of this.#replacements.takeDue(this.#env.clock.monotonic()))
        await this.#replace(id).catch((second: unknown) => (this.#error ??= second))
      for (const running of this.#tasks.values()) {
        try {
          if (running.turn()) progressed = true
        } catch (error) {
          await this.#recover(running, error).catch((second: unknown) => (this.#error ??= second))
          progressed = true
        }
      }
      if (progressed) {
        calm = 0
        await this.#env.timers.yield()
        continue
      }
      if (this.#options.until === 'caught-up' && this.#everythingDone()) {
        // Twice, with time in between: the last rows published may be another task's first.
        if (++calm > 2) break
        await this.#env.timers.sleep(10)
        continue
      }
      calm = 0
      for (const running of this.#tasks.values()) running.arm()
      this.#armGlobals()
      await this.#wake.wait(this.#waitMs())
    }
    if (this.#error !== undefined) await this.#end(this.#error)
    else if (!this.#stopping) this.#stopped ??= this.#leave()
  }

  /** Finishes what is in flight, commits, and gives everything back. */
  async #leave(): Promise<void> {
    this.#options.lifecycle.to('PENDING_SHUTDOWN')
    try {
      await this.#release(true)
    } catch (error) {
      this.#error = error
    }
    this.#options.lifecycle.to('NOT_RUNNING')
  }

  #armGlobals(): void {
    if (this.#globalsArmed) return
    this.#globalsArmed = true
    this.#globals?.arm(this.#abort.signal, () => {
      this.#globalsArmed = false
      this.#wake.wake()
    })
  }

  #everythingDone(): boolean {
    if (this.#replacements.waiting > 0) return false
    for (const running of this.#tasks.values()) if (!running.idle) return false
    return true
  }

  #waitMs(): number {
    let due = Infinity
    for (const running of this.#tasks.values()) due = Math.min(due, running.nextDue ?? Infinity)
    due = Math.min(due, this.#replacements.nextDue)
    return Math.max(0, Math.min(idleWaitMs, due - this.#env.clock.monotonic()))
  }

  // ---- failure

  /**
   * A row failed: replay from the last commit to just before it, commit, and give the task up. Every row before it is visible
   * then, nothing of it or after. Whatever else stops a task goes to the app's policy at once.
   */
  async #recover(running: RunningTask, error: unknown): Promise<void> {
    this.#tasks.delete(running.id)
    try {
      await running.close()
      this.#retire(running)
      const cut = cutOf(error)
      if (cut !== undefined && running.commits.error === undefined)
        await this.#commitUpTo(cut, running.id)
    } catch (second) {
      if (cutOf(second) === undefined)
        this.#env.log('error', `while replaying task ${running.id}: ${messageOf(second)}`)
    }
    this.#give(running.id, error)
  }

  async #commitUpTo(cut: Cut, id: string): Promise<void> {
    const replay = await openTask(this.#context!, this.#assignments.get(id)!, cut)
    try {
      const reached = await replayToCut(replay, this.#env, this.#wake, () => this.#stopping)
      if (reached) await replay.commitAll(true)
    } finally {
      await replay.close()
      this.#retire(replay)
    }
  }

  /** A commit that nobody answered is settled by opening anew; who was fenced would only fence the new owner in turn. */
  #decideOn(error: unknown, id: string): 'stop' | 'replace' {
    if (isMillraceError(error) && builtAnew.includes(error.code)) return 'replace'
    if (isMillraceError(error) && error.family === 'fenced') return 'stop'
    return this.#options.uncaught?.(error, id) ?? 'stop'
  }

  #give(id: string, error: unknown): void {
    const decision = this.#decideOn(error, id)
    this.#env.log(
      'error',
      `task ${id} ${decision === 'stop' ? 'has stopped' : 'is built anew'}: ${messageOf(error)}`,
    )
    if (decision === 'replace')
      this.#replacements.schedule(id, this.#env.clock.monotonic(), this.#env.random())
    else this.#error ??= error
  }

  async #replace(id: string): Promise<void> {
    try {
      await this.#open(this.#assignments.get(id)!)
    } catch (error) {
      this.#give(id, error)
    }
  }

  async #end(error: unknown): Promise<void> {
    this.#fail(error)
    await this.#release(false).catch((second: unknown) =>
      this.#env.log('error', `while stopping: ${messageOf(second)}`),
    )
  }

  #fail(error: unknown): void {
    this.#error ??= error
    if (
      this.#options.lifecycle.state === 'REBALANCING' ||
      this.#options.lifecycle.state === 'RUNNING'
    ) {
      this.#options.lifecycle.to('PENDING_ERROR')
      this.#options.lifecycle.to('ERROR')
    }
  }

  /** Graceful: commit what is there. Otherwise only what has been frozen already is decided. */
  async #release(graceful: boolean): Promise<void> {
    const within = durationMs(this.#options.stopWithin ?? stopWithinDefault, 'stopWithin')
    const results = await Promise.allSettled(
      [...this.#tasks.values()].map(async (running) => {
        if (graceful) await drainAndClose(running, this.#env, within)
        else await running.close()
        this.#retire(running)
      }),
    )
    this.#tasks.clear()
    this.#abort.abort()
    for (const membership of this.#memberships) await membership.leave()
    await this.#globals?.close()
    for (const log of this.#logs.values()) await log.close()
    await this.#store?.close()
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  // ---- for people

  get queryHost(): QueryHost {
    const { lifecycle, topology } = this.#options
    const globals = (): ReadonlyMap<string, GlobalTable> | undefined => this.#globals?.tables
    return { lifecycle, topology, owned: this.#owned, tasks: this.#tasks, globals }
  }

  /** It runs no more, and its figures count on. */
  #retire(running: RunningTask): void {
    if (this.#tasks.get(running.id) === running) this.#tasks.delete(running.id)
    this.#past.add(running)
  }

  report(): WorkerReport {
    return this.#past.report(this.#tasks.values())
  }
}

function idOf(assignment: TaskAssignment): string {
  return `${assignment.subTopology}/${assignment.task}`
}

export type { NodeReport, WorkerReport }
