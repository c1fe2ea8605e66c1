/**
 * Upkeep: what a task's state needs besides rows, between two turns of the task: what is due next is read from the disk, and
 * what is decided is written to it, lazily: a key that changes in each of fifty commits is written once. Full means that the
 * task waits (law 7).
 */
import type { Env } from '../env.ts'
import type { TaskState } from '../state/state.ts'

/** Decided rows reach the disk so often, unless their memory is needed sooner. */
const applyEveryMs = 5_000
/** Keys that changed since the last commit: so many ask for one, and take no further row before it is frozen. */
const dirtyMax = 100_000
/** Of the memory that unwritten rows may take: from here on they are written, from there on nothing goes on before. */
const applyAt = 1
const waitAt = 2

export class Upkeep {
  readonly #state: TaskState
  readonly #env: Env
  readonly #wake: () => void
  #refilling = false
  #applying = false
  #appliedAt: number
  #error: unknown = undefined

  constructor(state: TaskState, env: Env, wake: () => void) {
    this.#state = state
    this.#env = env
    this.#wake = wake
    this.#appliedAt = env.clock.monotonic()
  }

  /** What the disk had to say: the task is of no use any more. */
  get error(): unknown {
    return this.#error
  }

  get wantsCommit(): boolean {
    return this.#state.dirty >= dirtyMax
  }

  /** The task is to take no row now; whoever ends that wakes the worker. */
  get blocked(): boolean {
    return this.#refilling || this.#state.unapplied >= waitAt || this.wantsCommit
  }

  /** Behind a turn: starts what has become due. */
  start(): void {
    if (this.#state.starved && !this.#refilling) {
      this.#refilling = true
      // Others get their turn in between, however quickly the next refill is wanted.
      const refilled = this.#state.refill().then(() => this.#env.timers.yield())
      this.#watch(refilled, () => (this.#refilling = false))
    }
    const { unapplied } = this.#state
    if (unapplied === 0 || this.#applying) return
    const now = this.#env.clock.monotonic()
    if (unapplied < applyAt && now - this.#appliedAt < applyEveryMs) return
    this.#applying = true
    this.#watch(this.#state.apply(), () => {
      this.#applying = false
      this.#appliedAt = this.#env.clock.monotonic()
    })
  }

  #watch(work: Promise<void>, ended: () => unknown): void {
    void work
      .catch((error: unknown) => (this.#error ??= error))
      .then(() => {
        ended()
        this.#wake()
      })
  }
}
