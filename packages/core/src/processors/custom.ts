/**
 * Custom: wraps the user's own Processor. It finds the disposition of each row (dropped if the user said so, forwarded
 * if something was forwarded, else absorbed), keeps the key fixed for `processValues`, and tells an error of the user's
 * code from the task failure of a node further down, which passes through.
 *
 * Timers fire in passes: `advance` begins one by event time, `tick` one by the wall clock, and `drain` goes on with it until nothing is
 * due, as the stage calls it. A row ends a pass: what it makes due waits for the next one. Schedules by event time fire in the pass, too,
 * except under stream time: then they stand in the queue of the stage, as those by the wall clock always do.
 */
import { MillraceError, isMillraceError, messageOf } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import type { Node } from './node.ts'
import type { Processor, ProcessorContext, ScheduleKind, TimerKind } from './processor.ts'
import { Schedule } from './punctuation.ts'
import type { Row } from './row.ts'
import { Timers } from './timers.ts'
import type { TimerStores } from './timers.ts'

export class Custom implements Processor {
  readonly #user: Processor
  readonly #keyFixed: boolean
  readonly #timerStores: TimerStores | undefined
  #timers: Timers | undefined = undefined
  #node!: Node
  #opening = true
  #timed = false
  /** Schedules made in `open` so far, by kind: the order of calls there is the same each time, so it tells them apart. */
  readonly #opened: Record<ScheduleKind, number> = { eventTime: 0, wallClock: 0 }
  /** Of the row or timer in progress; undefined when there is none. */
  #key: unknown = undefined
  /** So far. */
  #forwards = 0
  #dropped = false
  #pass: TimerKind | undefined = undefined
  /** T as it was last told; behind that of the stage when the stage had nobody to tell. */
  #watermark = -Infinity
  #now = -Infinity
  readonly #onTimer = (time: number): void => this.#user.onTimer!(this.#key, time, this.#pass!)
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
    const { eventTime, wallClock } = this.#opened
    const hasTimers = this.#timers !== undefined
    const timed = hasTimers || eventTime > 0 || wallClock > 0
    this.#timed = timed
    if (timed || user.advance !== undefined) this.advance = (watermark) => this.#advance(watermark)
    if (hasTimers || user.tick !== undefined) this.tick = (now) => this.#tick(now)
    if (timed || user.drain !== undefined) this.drain = (budget) => this.#drain(budget)
    if (hasTimers || user.nextTick !== undefined) this.nextTick = () => this.#nextTick()
  }

  process(key: unknown, value: unknown, row: Row): void {
    const counters = this.#node.counters
    counters.taken++
    const outer = this.#key
    this.#key = key
    this.#pass = undefined
    const before = this.#forwards
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
    if (this.#forwards > before) counters.forwarded++
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
    this.#pass = 'event'
    this.#watermark = watermark
    const before = this.#forwards
    try {
      this.#user.advance?.(watermark)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#made(before)
  }

  #tick(now: number): void {
    this.#pass = 'processing'
    this.#now = now
    const before = this.#forwards
    try {
      this.#user.tick?.(now)
    } catch (error) {
      throw this.#failure(error)
    }
    this.#made(before)
  }

  /** What the user's own drain owes goes first: nothing passes it. */
  #drain(budget: number): boolean {
    if (this.#pass === undefined && this.#user.drain === undefined) return false
    for (let left = budget; left > 0; left--) {
      const before = this.#forwards
      if (this.#userOwes(left)) return true
      if (!this.#fireNext()) return false
      left -= this.#forwards - before
    }
    return true
  }

  #userOwes(budget: number): boolean {
    const before = this.#forwards
    let owes: boolean
    try {
      owes = this.#user.drain?.(budget) === true
    } catch (error) {
      throw this.#failure(error)
    }
    this.#made(before)
    return owes
  }

  #fireNext(): boolean {
    const pass = this.#pass
    if (pass === undefined) return false
    // Rows at T may still come, so a timer waits until T is behind it.
    const timer = this.#timers?.take(pass === 'event' ? this.#watermark - 1 : this.#now, pass)
    if (timer !== undefined) {
      this.#key = timer.key
      this.#callBack(timer.time, this.#onTimer)
      this.#key = undefined
      return true
    }
    if (pass === 'processing' || this.#node.usesStreamTime) return false
    return this.#node.byEvent.fire(this.#watermark) !== undefined
  }

  /** The rows made there have this time unless they are given one. Returns how many. */
  #callBack(time: number, call: (time: number) => void): number {
    const { row } = this.#node
    const { time: timeBefore } = row
    const before = this.#forwards
    row.begin(time)
    try {
      call(time)
    } catch (error) {
      throw this.#failure(error)
    }
    row.time = timeBefore
    return this.#made(before)
  }

  #made(before: number): number {
    const made = this.#forwards - before
    this.#node.counters.made += made
    return made
  }

  #nextTick(): number | undefined {
    const next = Math.min(
      this.#user.nextTick?.() ?? Infinity,
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
    const node = this.#node
    const name =
      this.#opening && by === 'eventTime'
        ? `${node.name}/${this.#opened.eventTime}:${everyMs}`
        : undefined
    if (this.#opening) this.#opened[by]++
    const schedule = new Schedule(
      everyMs,
      by === 'wallClock' ? node.now() + everyMs : 0,
      (now) => this.#callBack(now, fire),
      name,
    )
    ;(by === 'wallClock' ? node.byWall : node.byEvent).add(schedule)
    return () => void (schedule.ended = true)
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
