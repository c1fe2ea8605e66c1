/**
 * RunningTask: one task with its ports: polls its sources, drives the synchronous task object, carries out its effects and
 * commits. The worker calls `turn`; everything that waits reports back through `wake`.
 *
 * Error policy `fail`: the worker drops the task object with all that is undecided and builds it anew from the last decided
 * record, with a cut: it replays up to the row that failed, commits, and stops. Every row before it is visible then, nothing of
 * it or after.
 */
import type { Env } from '../env.ts'
import type { Batch, SourcePort } from '../log/source-port.ts'
import { CallDriver } from './call-driver.ts'
import type { Commits } from './commit.ts'
import { TaskFailure } from './failures.ts'
import { mayPoll, shouldCommit } from './flow-control.ts'
import type { Outbox } from './outbox.ts'
import type { Cut } from './split-input.ts'
import type { RunEnd, Task } from './task.ts'
import type { TaskState } from '../state/state.ts'
import { Upkeep } from './upkeep.ts'
import type { SinkPorts } from './wiring.ts'

/** Everything that is opened for a task and closed with it. */
export interface OpenTask {
  readonly task: Task
  /** By topic. */
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly topicOf: ReadonlyMap<string, string>
  readonly ports: SinkPorts
  readonly commits: Commits
  readonly outbox: Outbox
  readonly state: TaskState
  /** Commit as soon as nothing is left to take, without waiting for the interval. */
  readonly eager: boolean
}

/** Rows a task takes before another one gets its turn. */
const rowsPerTurn = 1_000

export class RunningTask {
  readonly id: string
  readonly #open: OpenTask
  readonly #env: Env
  readonly #everyMs: number
  readonly #wake: () => void
  readonly #calls: CallDriver
  readonly #upkeep: Upkeep
  readonly #armed: Set<SourcePort> = new Set()
  readonly #abort: AbortController = new AbortController()
  #lastCommit: number
  #end: RunEnd = 'starved'
  #stopping = false
  #paused = false
  #sourceError: unknown = undefined

  constructor(id: string, open: OpenTask, env: Env, everyMs: number, wake: () => void) {
    this.id = id
    this.#open = open
    this.#env = env
    this.#everyMs = everyMs
    this.#wake = wake
    this.#lastCommit = env.clock.monotonic()
    this.#upkeep = new Upkeep(open.state, env, wake)
    this.#calls = new CallDriver((callId, result) => {
      open.task.complete(callId, result)
      wake()
    })
  }

  get end(): RunEnd {
    return this.#end
  }

  get task(): Task {
    return this.#open.task
  }

  get outbox(): Outbox {
    return this.#open.outbox
  }

  get commits(): Commits {
    return this.#open.commits
  }

  get nextDue(): number | undefined {
    const { task, commits, outbox } = this.#open
    const commitDue =
      task.changed && commits.mayFreeze && !outbox.full
        ? this.#lastCommit + this.#everyMs
        : undefined
    const due = Math.min(task.nextDue ?? Infinity, commitDue ?? Infinity)
    return due === Infinity ? undefined : due
  }

  /** Synchronous. True if it got anywhere. Throws what stops the task. */
  turn(): boolean {
    const { task, commits } = this.#open
    if (commits.error !== undefined) throw commits.error
    if (this.#sourceError !== undefined) throw this.#sourceError
    if (this.#upkeep.error !== undefined) throw this.#upkeep.error
    const polled = this.#poll()
    task.tick(this.#env.clock.now(), this.#env.clock.monotonic())
    const before = this.#end
    const blocked = this.#upkeep.blocked
    if (!blocked) this.#end = task.run(rowsPerTurn)
    this.#calls.carryOut(task.effects())
    this.#pause(this.#stopping || blocked || this.#end === 'full')
    const committed = this.#commitIfDue()
    this.#upkeep.start()
    if (blocked) return polled || committed
    return (
      polled || committed || this.#end === 'more' || (before === 'full' && this.#end !== 'full')
    )
  }

  /** Asks the sources to call when there is something to poll. At most one question per port is open. */
  arm(): void {
    if (this.#stopping) return
    for (const port of this.#open.sources.values()) {
      if (this.#armed.has(port)) continue
      this.#armed.add(port)
      port.ready(this.#abort.signal).then(
        () => this.#disarm(port),
        (error: unknown) => {
          this.#sourceError ??= error
          this.#disarm(port)
        },
      )
    }
  }

  #disarm(port: SourcePort): void {
    this.#armed.delete(port)
    this.#wake()
  }

  /** Every row that the log is known to hold has been taken, decided and published. */
  get idle(): boolean {
    const { task, commits, outbox } = this.#open
    return task.done && !task.changed && commits.settled && outbox.empty
  }

  /** Takes no further row; what is in flight goes on. */
  stopIntake(): void {
    this.#stopping = true
    this.#open.task.endIntake()
    this.#pause(true)
  }

  /** Nothing is in flight any more. */
  get quiet(): boolean {
    return this.#open.task.quiet
  }

  /** Freezes what there is, and waits until it is decided and published; then once more for the marks of that. */
  async commitAll(publishing: boolean): Promise<void> {
    const { task, commits, outbox } = this.#open
    await this.#decided()
    if (task.changed) commits.submit(task.freeze())
    await this.#decided()
    if (!publishing) return
    await outbox.drained()
    if (outbox.error !== undefined) throw outbox.error
    if (!outbox.hasDone) return
    commits.submit(task.freeze())
    await this.#decided()
  }

  /** Everything frozen is decided; rejects with what broke the chain. */
  async #decided(): Promise<void> {
    const { commits } = this.#open
    await commits.drained()
    if (commits.error !== undefined) throw commits.error
  }

  /** Gives everything back. Nothing that is undecided becomes visible. */
  async close(): Promise<void> {
    const { task, sources, ports, commits, outbox } = this.#open
    this.#stopping = true
    this.#abort.abort()
    this.#calls.cancelAll()
    outbox.stop()
    await commits.close()
    await outbox.drained()
    task.close()
    for (const [split, topic] of this.#open.topicOf) await sources.get(topic)!.close(split)
    for (const port of ports.values()) await port.close()
    await this.#open.state.close()
  }

  lag(): number {
    let lag = 0
    for (const [split, topic] of this.#open.topicOf)
      lag += (this.#open.sources.get(topic)!.lag(split) ?? 0) + this.#open.task.buffered(split)
    return lag
  }

  #poll(): boolean {
    const { task, sources, topicOf } = this.#open
    let polled = false
    for (const [split, topic] of topicOf) {
      if (!mayPoll(task.buffered(split), this.#stopping)) continue
      const port = sources.get(topic)!
      for (
        let batch = port.poll(rowsPerTurn);
        batch !== undefined;
        batch = port.poll(rowsPerTurn)
      ) {
        this.#offer(batch)
        polled = true
        if (task.buffered(batch.split) >= rowsPerTurn) break
      }
    }
    // What the log holds by now is not known of a source that is paused: its silence means nothing.
    for (const [split, topic] of topicOf)
      task.caughtUp(split, !this.#paused && sources.get(topic)!.caughtUp(split))
    return polled
  }

  #offer(batch: Batch): void {
    this.#open.task.offer(batch)
  }

  #pause(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    for (const [split, topic] of this.#open.topicOf)
      this.#open.sources.get(topic)!.pause(split, paused)
  }

  #commitIfDue(): boolean {
    const { task, commits, outbox, eager } = this.#open
    const now = this.#env.clock.monotonic()
    const facts = {
      changed: task.changed,
      wantsCommit: task.wantsCommit || this.#upkeep.wantsCommit,
      mayFreeze: commits.mayFreeze,
      outboxFull: outbox.full,
      sinceLastMs: eager && task.done ? Infinity : now - this.#lastCommit,
      everyMs: this.#everyMs,
    }
    if (!shouldCommit(facts)) return false
    this.#lastCommit = now
    commits.submit(task.freeze())
    return true
  }
}

/** Where a failed task has to stop when it replays; undefined when the failure names no source row. */
export function cutOf(error: unknown): Cut | undefined {
  if (!(error instanceof TaskFailure)) return undefined
  const { split, position } = error.at
  return split === undefined || position === undefined
    ? undefined
    : { split, position, inPrefix: error.inPrefix }
}
