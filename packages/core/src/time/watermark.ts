/**
 * Watermark: the clock of a task. Pure arithmetic; the caller brings time.
 *
 * Per split: the highest event time seen, less `outOfOrder`. T is the minimum over the active splits and never goes back
 * (law 5). A split that has sent nothing yet holds it. One that is caught up and silent for longer than `idleMs` leaves the
 * minimum; when all are idle, T moves on from where the last active ones held it, as fast as the monotonic clock, so that windows
 * close without input. A split that returns counts by its own rows again and never pulls T back: its rows may be late instead.
 * One that only falls behind (paused, unreachable) holds T where it is, and its silence counts anew once it is caught up.
 */
import { Upstreams } from './upstreams.ts'
import type { UpstreamTime } from './upstreams.ts'

export interface SplitClockOptions {
  readonly outOfOrderMs: number
  /** Undefined: a silent split holds T for ever. */
  readonly idleMs: number | undefined
  /** A repartition log, whose rows bring the time of those who wrote them. */
  readonly marked?: boolean
  /** Its rows have no say in T: they answer to rows of those who would wait for them. */
  readonly untimed?: boolean
}

class SplitClock {
  readonly options: SplitClockOptions
  maxTime = -Infinity
  /** Of a repartition log: its time is what those who write to it say. */
  readonly upstreams: Upstreams | undefined
  /** Monotonic time since which it has been silent; undefined before the first tick. */
  silentSince: number | undefined = undefined
  idle = false
  /** T when it last began to hold T without a row of its own: restored, or no longer known to be caught up. */
  #from = -Infinity
  #held = false

  readonly outOfOrderMs: number

  constructor(options: SplitClockOptions) {
    this.options = options
    this.outOfOrderMs = options.outOfOrderMs
    this.upstreams = options.marked === true ? new Upstreams() : undefined
  }

  get watermark(): number {
    const own = this.upstreams?.watermark ?? this.maxTime - this.options.outOfOrderMs
    return own > this.#from ? own : this.#from
  }

  /** From here on its own rows count. */
  speaks(monotonic: number | undefined): void {
    this.silentSince = monotonic
    this.idle = false
    this.#held = false
    this.#from = -Infinity
  }

  /** Something else than its rows says what it is at. */
  get mute(): boolean {
    return this.idle || this.#held
  }

  holds(watermark: number): void {
    this.idle = false
    this.#held = true
    this.#from = watermark
  }
}

export class Watermark {
  readonly #splits: readonly SplitClock[]
  /** Those whose minimum is T. */
  readonly #timed: readonly SplitClock[]
  readonly #streamTime: boolean
  /** One split, whose rows alone say what T is. */
  readonly #alone: boolean
  #monotonic: number | undefined = undefined
  #value = -Infinity
  /** What the active splits said at the last tick, less the monotonic time at which they said it: all are idle, and it goes on. */
  #ahead = -Infinity

  /** `streamTime`: T is the highest time of all rows, and silence means nothing (Kafka Streams' rule). */
  constructor(
    splits: readonly SplitClockOptions[],
    clock: 'watermark' | 'streamTime' = 'watermark',
  ) {
    this.#splits = splits.map((options) => new SplitClock(options))
    this.#timed = this.#splits.filter(({ options }) => options.untimed !== true)
    this.#streamTime = clock === 'streamTime'
    this.#alone =
      !this.#streamTime &&
      this.#timed.length === 1 &&
      this.#splits.length === 1 &&
      this.#splits[0]!.upstreams === undefined
  }

  get value(): number {
    return this.#value
  }

  maxTime(split: number): number {
    return this.#splits[split]!.maxTime
  }

  /** After a restore: no split and no T begins behind what was committed. */
  restore(value: number, maxTimes: readonly (number | undefined)[]): void {
    this.#value = Math.max(this.#value, value)
    maxTimes.forEach((time, i) => {
      if (time !== undefined) this.#splits[i]!.maxTime = Math.max(this.#splits[i]!.maxTime, time)
    })
    for (const clock of this.#splits) clock.holds(this.#value)
  }

  /** A row of this split has been taken. Returns T, moved or not. */
  observe(split: number, time: number): number {
    const clock = this.#splits[split]!
    if (clock.silentSince !== this.#monotonic || clock.mute) clock.speaks(this.#monotonic)
    if (time > clock.maxTime) {
      clock.maxTime = time
      // One split is the common case, and its row the only thing that can move T: no need to look at all of them.
      if (this.#alone) {
        const own = time - clock.outOfOrderMs
        if (own > this.#value) this.#value = own
      } else if (this.#streamTime) this.#value = Math.max(this.#value, time)
      else this.#move()
    }
    return this.#value
  }

  /** A task that writes to this split has said what its T is. */
  mark(split: number, time: UpstreamTime): void {
    const clock = this.#splits[split]!
    if (this.#streamTime || clock.upstreams === undefined) return
    clock.upstreams.mark(time)
    clock.speaks(this.#monotonic)
    this.#move()
  }

  upstreams(split: number): Iterable<UpstreamTime> {
    return this.#splits[split]!.upstreams?.times() ?? []
  }

  /** None of the splits holds T: only the wall clock moves it. */
  get idle(): boolean {
    return this.#timed.every((clock) => clock.idle)
  }

  /** Monotonic time goes on; `caughtUp(i)` says whether silence of a split means that there is nothing. */
  tick(monotonic: number, caughtUp: (split: number) => boolean): number {
    this.#monotonic = monotonic
    if (this.#streamTime) return this.#value
    this.#lookAhead()
    for (let i = 0; i < this.#splits.length; i++) {
      const clock = this.#splits[i]!
      if (clock.silentSince === undefined || !caughtUp(i)) {
        if (clock.idle) clock.holds(this.#value)
        clock.silentSince = monotonic
      } else if (clock.upstreams !== undefined) {
        clock.idle = clock.upstreams.idle
      } else if (
        clock.options.idleMs !== undefined &&
        monotonic - clock.silentSince > clock.options.idleMs
      ) {
        clock.idle = true
      }
    }
    this.#move()
    return this.#value
  }

  /** Monotonic time at which silence may make a further split idle; undefined when there is none to wait for. */
  get nextIdle(): number | undefined {
    let next = Infinity
    if (!this.#streamTime)
      for (const { idle, options, silentSince, upstreams } of this.#timed)
        if (!idle && upstreams === undefined && options.idleMs !== undefined)
          next = Math.min(next, (silentSince ?? 0) + options.idleMs + 1)
    return next === Infinity ? undefined : next
  }

  /** Those that spoke since the last tick are active still. */
  #lookAhead(): void {
    let ahead = Infinity
    for (const { idle, watermark, silentSince } of this.#timed)
      if (!idle && watermark > -Infinity && silentSince !== undefined)
        ahead = Math.min(ahead, watermark - silentSince)
    if (ahead < Infinity) this.#ahead = ahead
  }

  #move(): void {
    let min = Infinity
    const splits = this.#timed
    for (let i = 0; i < splits.length; i++) {
      const clock = splits[i]!
      if (!clock.idle) min = Math.min(min, clock.watermark)
    }
    const next = min < Infinity ? min : Math.floor(this.#ahead + (this.#monotonic ?? 0))
    if (next > this.#value) this.#value = next
  }
}
