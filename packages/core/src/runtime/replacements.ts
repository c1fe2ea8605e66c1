/**
 * Replacements: when a failed task is built anew (`uncaught` says 'replace'). A task that fails again at once waits longer each
 * time, so that one poisoned row neither spins the loop nor floods the log; other tasks go on meanwhile. Pure bookkeeping.
 */
import { backoffMs } from './backoff.ts'

/** A life of this length makes earlier failures forgotten. */
const calmMs = 60_000

export class Replacements {
  readonly #due: Map<string, number> = new Map()
  readonly #lives: Map<string, { readonly failures: number; readonly bornAt: number }> = new Map()

  get waiting(): number {
    return this.#due.size
  }

  schedule(task: string, now: number, random: number): void {
    const life = this.#lives.get(task)
    const failures = life === undefined || now - life.bornAt > calmMs ? 0 : life.failures + 1
    const bornAt = now + backoffMs(failures, random)
    this.#lives.set(task, { failures, bornAt })
    this.#due.set(task, bornAt)
  }

  /** The task belongs to somebody else now. */
  forget(task: string): void {
    this.#due.delete(task)
  }

  /** When the next one is due; Infinity when none waits. */
  get nextDue(): number {
    return this.#due.size === 0 ? Infinity : Math.min(...this.#due.values())
  }

  takeDue(now: number): readonly string[] {
    if (this.#due.size === 0) return none
    const tasks = [...this.#due].filter(([, due]) => due <= now).map(([task]) => task)
    for (const task of tasks) this.#due.delete(task)
    return tasks
  }
}

const none: readonly string[] = Object.freeze([])
