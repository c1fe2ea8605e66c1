/**
 * Punctuation: a queue of schedules by one clock. Whoever owns it says what time it is; each schedule is due at most once for that
 * time, as what was missed is one call, and the next one lies behind it.
 *
 * The order is that of due times. Who of two due at once is first follows from the binary heap, which moves as that of Kafka Streams
 * (java.util.PriorityQueue): a new one goes up past those due later, and the last one takes the place of the first that left. So places in
 * the heap are part of a commit. One that has ended keeps its place until it would be due.
 */
export class Schedule {
  readonly everyMs: number
  /** Returns the rows it made. */
  readonly fire: (time: number) => number
  /** Under which a commit keeps it; undefined for those that no `open` makes again. */
  readonly name: string | undefined
  due: number
  ended = false

  constructor(
    everyMs: number,
    due: number,
    fire: (time: number) => number,
    name: string | undefined,
  ) {
    this.everyMs = everyMs
    this.due = due
    this.fire = fire
    this.name = name
  }
}

/** The first of `from`, `from + every`, ... that lies behind `now`. */
export function dueBehind(now: number, from: number, everyMs: number): number {
  return now < from ? from : from + (Math.floor((now - from) / everyMs) + 1) * everyMs
}

export class Punctuation {
  /** None is due before its parent, which stands at half its place. */
  readonly #heap: Schedule[] = []

  add(schedule: Schedule): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (schedule.due >= heap[parent]!.due) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = schedule
  }

  get empty(): boolean {
    return this.#heap.length === 0
  }

  /** Fires the first one if it is due by now. Returns the rows it made; undefined: none is due. */
  fire(now: number): number | undefined {
    const heap = this.#heap
    while (heap.length > 0 && heap[0]!.due <= now) {
      const schedule = this.#take()
      if (schedule.ended) continue
      const made = schedule.fire(now)
      if (!schedule.ended) {
        schedule.due = dueBehind(now, schedule.due, schedule.everyMs)
        this.add(schedule)
      }
      return made
    }
    return undefined
  }

  /** Infinity: never. */
  get nextDue(): number {
    let next = Infinity
    for (const { due, ended } of this.#heap) if (!ended) next = Math.min(next, due)
    return next
  }

  saveTimes(times: Map<string, number>): void {
    this.#heap.forEach(({ name, due, ended }, place) => {
      if (name === undefined || ended) return
      times.set(`schedule/${name}`, due)
      times.set(`schedule-place/${name}`, place)
    })
  }

  /** What the commit says, else from the T at which the task begins: schedules are aligned at 0. */
  restoreTimes(watermark: number, times: ReadonlyMap<string, number>): void {
    const schedules = this.#heap.splice(0)
    const placeOf = ({ name }: Schedule): number =>
      times.get(`schedule-place/${name}`) ?? Number.MAX_SAFE_INTEGER
    schedules.sort((a, b) => placeOf(a) - placeOf(b))
    for (const schedule of schedules) {
      const { name, everyMs } = schedule
      schedule.due = times.get(`schedule/${name}`) ?? dueBehind(watermark, 0, everyMs)
      this.add(schedule)
    }
  }

  #take(): Schedule {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    while (at < heap.length >>> 1) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && heap[child]!.due > heap[child + 1]!.due) child++
      if (last.due <= heap[child]!.due) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}
