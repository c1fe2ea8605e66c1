/**
 * Membership of a log that one process has for itself: all tasks of the plan go to whoever joins,
 * at once, and there is nobody to lose them to. Splits are fixed for as long as the membership
 * lasts; `onLost` and `onSplitEnd` are never called. Shared by the logs that live in the process
 * (embedded, generator, files).
 */
import { MillraceError } from '../errors.ts'
import type {
  LogAdmin,
  Membership,
  MembershipHandlers,
  TaskAssignment,
  TaskPlan,
} from './membership.ts'
import type { Split } from './position.ts'

/** How long a task may take to commit and release when the process itself asks it to. */
const revokeDeadlineMs = 30_000

export class LocalMembership implements Membership {
  readonly #admin: LogAdmin
  #handlers: MembershipHandlers | undefined
  #held: readonly TaskAssignment[] = []
  #generation = 0

  constructor(admin: LogAdmin) {
    this.#admin = admin
  }

  async join(
    topics: readonly string[],
    plan: TaskPlan,
    handlers: MembershipHandlers,
  ): Promise<void> {
    if (this.#handlers !== undefined) {
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        'this worker has joined already: leave before joining again',
      )
    }
    this.#handlers = handlers
    try {
      const splits: Split[] = []
      for (const topic of new Set(topics)) splits.push(...(await this.#admin.splits(topic)))
      this.#held = plan(splits)
      this.#generation++
      await handlers.onAssigned(this.#held, `local:${this.#generation}`)
    } catch (error) {
      this.#handlers = undefined
      this.#held = []
      throw error
    }
  }

  async leave(): Promise<void> {
    const handlers = this.#handlers
    const held = this.#held
    this.#handlers = undefined
    this.#held = []
    if (handlers !== undefined && held.length > 0) await handlers.onRevoke(held, revokeDeadlineMs)
  }
}
