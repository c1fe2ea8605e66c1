/**
 * Punctuation: the schedules of one node by one clock. Whoever owns it says what time it is; each schedule is due at most once for that
 * time, as what was missed is one call, and the next one lies behind it.
 */
export class Schedule {
  readonly everyMs: number
  readonly fire: (time: number) => void
  /** Under which a commit keeps when it is due; undefined for those that no `open` makes again. */
  readonly name: string | undefined
  /** NaN: that follows from the T at which the task begins. */
  due: number

  constructor(
    everyMs: number,
    due: number,
    fire: (time: number) => void,
    name: string | undefined,
  ) {
    this.everyMs = everyMs
    this.due = due
    this.fire = fire
    this.name = name
  }

  /** It has fired at this time. */
  passed(now: number): void {
    this.due = dueBehind(now, this.due, this.everyMs)
  }
}

/** The first of `from`, `from + every`, ... that lies behind `now`. */
export function dueBehind(now: number, from: number, everyMs: number): number {
  return now < from ? from : from + (Math.floor((now - from) / everyMs) + 1) * everyMs
}

export class Punctuation {
  readonly #schedules: Schedule[] = []

  add(schedule: Schedule): void {
    this.#schedules.push(schedule)
  }

  /** Never to fire again, not in the pass under way either. */
  remove(schedule: Schedule): void {
    const at = this.#schedules.indexOf(schedule)
    if (at >= 0) this.#schedules.splice(at, 1)
  }

  get size(): number {
    return this.#schedules.length
  }

  /** What the commit says, else from the T at which the task begins: schedules are aligned at 0, and any T will do for the first. */
  start(watermark: number, committed: ReadonlyMap<string, number>): void {
    for (const schedule of this.#schedules)
      if (Number.isNaN(schedule.due))
        schedule.due =
          committed.get(schedule.name ?? '') ?? dueBehind(watermark, 0, schedule.everyMs)
  }

  /** The one that is due first, if it is due by now; of two the older. */
  first(now: number): Schedule | undefined {
    let first: Schedule | undefined
    for (const schedule of this.#schedules)
      if (schedule.due <= now && (first === undefined || schedule.due < first.due)) first = schedule
    return first
  }

  /** Infinity: never. */
  get nextDue(): number {
    let next = Infinity
    for (const { due } of this.#schedules) next = Math.min(next, due)
    return next
  }
}
