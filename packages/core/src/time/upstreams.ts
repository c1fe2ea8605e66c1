/**
 * Upstreams: the clock of a split of a repartition log: what each task that writes to it has said of its T. Pure.
 *
 * The split's watermark is the minimum over the active ones. A task that has not spoken yet holds it: there are as many as the newest
 * generation says. Of a task only its newest owner counts (law 6), and its T never goes back (law 5).
 */
export interface UpstreamTime {
  readonly task: string
  readonly epoch: number
  readonly watermark: number
  readonly idle: boolean
  readonly tasks: number
  readonly generation: number
}

export class Upstreams {
  readonly #tasks = new Map<string, UpstreamTime>()
  #newest: { readonly generation: number; readonly tasks: number } | undefined = undefined

  mark(time: UpstreamTime): void {
    if (this.#newest === undefined || time.generation >= this.#newest.generation)
      this.#newest = time
    const known = this.#tasks.get(time.task)
    if (known === undefined) this.#tasks.set(time.task, time)
    else if (time.epoch >= known.epoch)
      this.#tasks.set(time.task, {
        ...time,
        watermark: Math.max(known.watermark, time.watermark),
      })
  }

  get watermark(): number {
    if (!this.#complete) return -Infinity
    let active = Infinity
    let idle = -Infinity
    for (const task of this.#tasks.values()) {
      if (task.idle) idle = Math.max(idle, task.watermark)
      else active = Math.min(active, task.watermark)
    }
    return active === Infinity ? idle : active
  }

  /** All have spoken, and none is active. */
  get idle(): boolean {
    if (!this.#complete) return false
    for (const task of this.#tasks.values()) if (!task.idle) return false
    return true
  }

  /** For the commit record. */
  times(): Iterable<UpstreamTime> {
    return this.#tasks.values()
  }

  get #complete(): boolean {
    return this.#newest !== undefined && this.#tasks.size >= this.#newest.tasks
  }
}
