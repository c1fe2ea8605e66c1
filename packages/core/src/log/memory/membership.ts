/**
 * Membership of a memory log: one worker has all tasks. Where shards end, it waits for the worker's
 * last commit on them before their children start: parents before children, whatever was merged or
 * split meanwhile.
 *
 * Handlers are called one after another, through one chain of steps.
 */
import { MillraceError } from '../../errors.ts'
import type { Membership, MembershipHandlers, TaskAssignment, TaskPlan } from '../membership.ts'
import type { Split } from '../position.ts'
import type { MemoryLog } from './log.ts'
import type { MemorySplit } from './split.ts'

const revokeDeadlineMs = 30_000

interface Joined {
  readonly topics: readonly string[]
  readonly plan: TaskPlan
  readonly handlers: MembershipHandlers
  readonly stopListening: () => void
}

export class MemoryMembership implements Membership {
  readonly #log: MemoryLog
  readonly #held = new Map<string, TaskAssignment>()
  readonly #ending = new Set<MemorySplit>()
  #joined: Joined | undefined
  #steps: Promise<void> = Promise.resolve()
  #generation = 0

  constructor(log: MemoryLog) {
    this.#log = log
  }

  async join(
    topics: readonly string[],
    plan: TaskPlan,
    handlers: MembershipHandlers,
  ): Promise<void> {
    if (this.#joined !== undefined)
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        'this worker has joined already: leave before joining again',
      )
    const stopListening = this.#log.listenToEnds((split) => this.#onEnd(split))
    const joined = { topics, plan, handlers, stopListening }
    this.#joined = joined
    // An end may be polled while the first assignment is being handed over: it waits for its turn.
    const first = this.#assign(joined)
    this.#steps = first.catch(() => {})
    try {
      await first
    } catch (error) {
      stopListening()
      this.#joined = undefined
      this.#held.clear()
      throw error
    }
  }

  async leave(): Promise<void> {
    const joined = this.#joined
    this.#joined = undefined
    joined?.stopListening()
    await this.#steps
    const held = [...this.#held.values()]
    this.#held.clear()
    if (joined !== undefined && held.length > 0)
      await joined.handlers.onRevoke(held, revokeDeadlineMs)
  }

  /** Hands over the tasks of splits that may be read now and are not held yet. */
  async #assign({ topics, plan, handlers }: Joined): Promise<void> {
    const open: Split[] = []
    for (const topic of new Set(topics)) {
      for (const split of this.#log.splitsOf(topic))
        if (this.#mayStart(split)) open.push(split.split)
    }
    const added = plan(open).filter((task) => !this.#held.has(nameOf(task)))
    if (added.length === 0 && this.#held.size > 0) return
    for (const task of added) this.#held.set(nameOf(task), task)
    this.#generation++
    await handlers.onAssigned(added, `memory:${this.#generation}`)
  }

  #mayStart({ split, finished }: MemorySplit): boolean {
    return !finished && (split.parents ?? []).every((parent) => this.#log.splitOf(parent).finished)
  }

  #onEnd(split: MemorySplit): void {
    const joined = this.#joined
    if (
      joined === undefined ||
      split.finished ||
      this.#ending.has(split) ||
      !joined.topics.includes(split.split.topic)
    )
      return
    this.#ending.add(split)
    this.#steps = this.#steps
      .then(() => this.#finish(split, joined))
      .catch((error: unknown) => joined.handlers.onFailed(error))
      .finally(() => this.#ending.delete(split))
  }

  async #finish(split: MemorySplit, joined: Joined): Promise<void> {
    if (this.#joined !== joined) return
    await joined.handlers.onSplitEnd(split.split.id, split.children)
    split.finished = true
    for (const [name, task] of this.#held) {
      if (task.splits.every(({ id }) => this.#log.splitOf(id).finished)) this.#held.delete(name)
    }
    if (this.#joined === joined) await this.#assign(joined)
  }
}

function nameOf(task: TaskAssignment): string {
  return `${task.subTopology}/${task.task}`
}
