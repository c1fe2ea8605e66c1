/**
 * Custom: wraps the user's own Processor. It finds the disposition of each row (dropped if the user said so, forwarded
 * if something was forwarded, else absorbed), keeps the key fixed for `processValues`, and tells an error of the user's
 * code from the task failure of a node further down, which passes through.
 *
 * Schedules and timers fire in passes: `advance` begins one by event time, `tick` one by the wall clock, and `drain` goes on with it
 * until nothing is due, as the stage calls it. A row ends a pass: what it makes due waits for the next one.
 */
import { MillraceError, isMillraceError, messageOf } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import type { Node } from './node.ts'
import type { Processor, ProcessorContext, ScheduleKind, TimerKind } from './processor.ts'
import { Punctuation, Schedule } from './punctuation.ts'
import type { Row } from './row.ts'
import { Timers } from './timers.ts'
import type { TimerStores } from './timers.ts'

export class Custom implements Processor {
  readonly #user: Processor
  readonly #keyFixed: boolean
  readonly #timerStores: TimerStores | undefined
  #timers: Timers | undefined = undefined
  readonly #byEvent: Punctuation = new Punctuation()
  readonly #byWall: Punctuation = new Punctuation()
  #node!: Node
  #opening = true
  #timed = false
  /** Of the row or timer in progress; undefined when there is none. */
  #key: unknown = undefined
  #forwards = 0
  #dropped = false
  #pass: TimerKind | undefined = undefined
  /** T as it was last told; behind that of the stage when the stage had nobody to tell. */
  #watermark = -Infinity
  #now = -Infinity
  // The engine visits only nodes that have these: `open` says which are of use.
  advance?: (watermark: number) => void
  tick?: (now: number) => void
  drain?: (budget: number) => boolean
  nextTick?: () => number | undefined

  constructor(user: Processor, keyFixed: boolean, timerStores?: TimerStores) {
    this.#user = user
    this.#keyFixed = keyFixed
    this.#timerStores = timerStores
  }

  open(node: Node): void {
    const user = this.#user
    this.#node = node
    this.#openTimers()
    user.open(this.#context())
    this.#opening = false
    const timed = this.#timers !== undefined || this.#byEvent.size > 0 || this.#byWall.size > 0
    this.#timed = timed
    if (timed || user.advance !== undefined) this.advance = (watermark) => this.#advance(watermark)
    if (timed || user.tick !== undefined) this.tick = (now) => this.#tick(now)
    if (timed || user.drain !== undefined) this.drain = (budget) => this.#drain(budget)
    if (timed || user.nextTick !== undefined) this.nextTick = () => this.#nextTick()
  }

  process(key: unknown, value: unknown, row: Row): void {
    const counters = this.#node.counters
    counters.taken++
    const outer = this.#key
    this.#key = key
    this.#pass = undefined
    this.#forwards = 0
    this.#dropped = false
    try {
      this.#user.process(key, value, row)
    } catch (error) {
      this.#node.fail(error)
      return
    } finally {
      this.#key = outer
    }
    if (this.#dropped) return
    if (this.#forwards > 0) counters.forwarded++
    else counters.absorbed++
  }

  close(): void {
    this.#user.close?.()
  }

  #context(): ProcessorContext {
    const node = this.#node
    return {
      name: node.name,
      forward: (key, value, time) => this.#forward(key, value, time),
      drop: (reason) => {
        this.#dropped = true
        node.drop(reason)
      },
      store: (spec) => node.store(spec),
      watermark: () => Math.max(node.watermark(), this.#watermark),
      eventTime: () => Math.max(node.eventTime(), this.#watermark),
      now: () => node.now(),
      get headers() {
        return node.headers
      },
      schedule: (every, by, fire) => this.#schedule(every, by, fire),
      timer: (time, kind = 'event') =>
        this.#timersOf('timer').set(this.#keyOf('timer'), time, kind),
      deleteTimer: (time, kind = 'event') =>
        this.#timersOf('deleteTimer').remove(this.#keyOf('deleteTimer'), time, kind),
    }
  }

  #forward(key: unknown, value: unknown, time: number | undefined): void {
    if (this.#keyFixed && key !== this.#key) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        'processValues may not change the key: use process(...), behind which the stream counts as re-keyed',
        { at: { node: this.#node.name } },
      )
    }
    this.#forwards++
    this.#node.forward(key, value, time)
  }

  // ---- time

  #advance(watermark: number): void {
    this.#byEvent.start(this.#node.watermark(), this.#node.schedules)
    this.#pass = 'event'
    this.#watermark = watermark
    this.#forwards = 0
    try {
      this.#user.advance?.(watermark)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#node.counters.made += this.#forwards
  }

  #tick(now: number): void {
    this.#pass = 'processing'
    this.#now = now
    this.#forwards = 0
    try {
      this.#user.tick?.(now)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#node.counters.made += this.#forwards
  }

  #drain(budget: number): boolean {
    if (this.#pass === undefined && this.#user.drain === undefined) return false
    this.#forwards = 0
    let owes: boolean
    try {
      owes = this.#fireDue(budget)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#node.counters.made += this.#forwards
    return owes
  }

  /** What the user's own drain owes goes first: nothing passes it. */
  #fireDue(budget: number): boolean {
    const user = this.#user
    for (let left = budget; left > 0; left--) {
      const before = this.#forwards
      if (user.drain?.(left) === true) return true
      if (!this.#fireNext()) return false
      left -= this.#forwards - before
    }
    return true
  }

  #fireNext(): boolean {
    const pass = this.#pass
    if (pass === undefined) return false
    const { row, schedules } = this.#node
    const { time } = row
    // Rows at T may still come, so a timer waits until T is behind it.
    const timer = this.#timers?.take(pass === 'event' ? this.#watermark - 1 : this.#now, pass)
    if (timer !== undefined) {
      this.#key = timer.key
      row.begin(timer.time)
      this.#user.onTimer!(timer.key, timer.time, pass)
      this.#key = undefined
    } else {
      const now = pass === 'event' ? this.#watermark : this.#now
      const schedule = (pass === 'event' ? this.#byEvent : this.#byWall).first(now)
      if (schedule === undefined) return false
      schedule.passed(now)
      if (schedule.name !== undefined) schedules.set(schedule.name, schedule.due)
      row.begin(now)
      schedule.fire(now)
    }
    row.time = time
    return true
  }

  #nextTick(): number | undefined {
    const next = Math.min(
      this.#user.nextTick?.() ?? Infinity,
      this.#byWall.nextDue,
      this.#timers?.nextProcessing ?? Infinity,
    )
    return next === Infinity ? undefined : next
  }

  #schedule(every: Duration | number, by: ScheduleKind, fire: (time: number) => void): () => void {
    const everyMs = typeof every === 'number' ? every : durationMs(every, 'schedule')
    if (!(Number.isSafeInteger(everyMs) && everyMs > 0))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `schedule(${JSON.stringify(every)}): give a duration of at least a millisecond`,
      )
    if (!this.#opening && !this.#timed)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        'the first schedule(...) of a processor is made in open: make one there, which others may follow',
      )
    const schedules = by === 'eventTime' ? this.#byEvent : this.#byWall
    // The order of calls in `open` is the same each time, so it tells them apart.
    const name = this.#opening && by === 'eventTime' ? `${schedules.size}:${everyMs}` : undefined
    const first = by === 'wallClock' ? this.#node.now() + everyMs : this.#opening ? NaN : 0
    const schedule = new Schedule(everyMs, first, fire, name)
    schedules.add(schedule)
    return () => {
      schedules.remove(schedule)
      if (name !== undefined) this.#node.schedules.delete(name)
    }
  }

  // ---- timers

  #openTimers(): void {
    if (this.#timerStores === undefined) return
    if (this.#user.onTimer === undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        'the node has { timers }, and its processor no onTimer(key, time, kind): add it, or leave timers out',
        { at: { node: this.#node.name } },
      )
    this.#timers = new Timers(this.#timerStores, this.#node)
  }

  #timersOf(verb: string): Timers {
    if (this.#timers !== undefined) return this.#timers
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb}(...) needs a store for timers: give the node { timers: true }`,
    )
  }

  #keyOf(verb: string): unknown {
    if (this.#key !== undefined) return this.#key
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb}(...) belongs to the key of a row or of another timer: no key is in progress here`,
    )
  }

  /** Rows made by time are nobody's disposition, and an error there fails the task whatever the policy for rows. */
  #failure(error: unknown): unknown {
    if (isMillraceError(error) && error.code === 'MILLRACE_NODE_FAILED') return error
    return new MillraceError('MILLRACE_NODE_FAILED', messageOf(error), {
      at: { node: this.#node.name },
      cause: error,
    })
  }
}
