/**
 * Watermark: the clock of a task. Pure arithmetic; the caller brings time.
 *
 * Per split: the highest event time seen, less `outOfOrder`. T is the minimum over the active splits and never goes back
 * (law 5). A split that is caught up and silent for `idleMs` leaves the minimum; when all are idle, T moves on with the
 * monotonic clock, so that windows close without input. A split that returns never pulls T back.
 */
import { Upstreams } from './upstreams.ts'
import type { UpstreamTime } from './upstreams.ts'

export interface SplitClockOptions {
  readonly outOfOrderMs: number
  /** Undefined: a silent split holds T for ever. */
  readonly idleMs: number | undefined
  /** A repartition log, whose rows bring the time of those who wrote them. */
  readonly marked?: boolean
}

class SplitClock {
  readonly options: SplitClockOptions
  maxTime = -Infinity
  /** Of a repartition log: its time is what those who write to it say. */
  readonly upstreams: Upstreams | undefined
  /** Monotonic time since which it has been silent; undefined before the first tick. */
  silentSince: number | undefined = undefined
  idle = false

  constructor(options: SplitClockOptions) {
    this.options = options
    this.upstreams = options.marked === true ? new Upstreams() : undefined
  }

  get watermark(): number {
    return this.upstreams?.watermark ?? this.maxTime - this.options.outOfOrderMs
  }
}

export class Watermark {
  readonly #splits: readonly SplitClock[]
  readonly #streamTime: boolean
  #monotonic: number | undefined = undefined
  #value = -Infinity

  /** `streamTime`: T is the highest time of all rows, and silence means nothing (Kafka Streams' rule). */
  constructor(
    splits: readonly SplitClockOptions[],
    clock: 'watermark' | 'streamTime' = 'watermark',
  ) {
    this.#splits = splits.map((options) => new SplitClock(options))
    this.#streamTime = clock === 'streamTime'
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
  }

  /** A row of this split has been taken. Returns T, moved or not. */
  observe(split: number, time: number): number {
    const clock = this.#splits[split]!
    clock.silentSince = this.#monotonic
    clock.idle = false
    if (time > clock.maxTime) {
      clock.maxTime = time
      // One split is the common case, and its row the only thing that can move T: no need to look at all of them.
      if (this.#streamTime) this.#value = Math.max(this.#value, time)
      else if (this.#splits.length > 1) this.#move()
      else if (clock.watermark > this.#value) this.#value = clock.watermark
    }
    return this.#value
  }

  /** A task that writes to this split has said what its T is. */
  mark(split: number, time: UpstreamTime): void {
    const clock = this.#splits[split]!
    if (this.#streamTime || clock.upstreams === undefined) return
    clock.upstreams.mark(time)
    clock.silentSince = this.#monotonic
    clock.idle = false
    this.#move()
  }

  upstreams(split: number): Iterable<UpstreamTime> {
    return this.#splits[split]!.upstreams?.times() ?? []
  }

  /** None of the splits holds T: only the wall clock moves it. */
  get idle(): boolean {
    return this.#splits.every((clock) => clock.idle)
  }

  /** Monotonic time goes on; `caughtUp(i)` says whether silence of a split means that there is nothing. */
  tick(monotonic: number, caughtUp: (split: number) => boolean): number {
    this.#monotonic = monotonic
    if (this.#streamTime) return this.#value
    for (let i = 0; i < this.#splits.length; i++) {
      const clock = this.#splits[i]!
      if (clock.silentSince === undefined || !caughtUp(i)) {
        clock.silentSince = monotonic
        clock.idle = false
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

  #move(): void {
    let min = Infinity
    let wall = -Infinity
    const splits = this.#splits
    for (let i = 0; i < splits.length; i++) {
      const clock = splits[i]!
      if (!clock.idle) min = Math.min(min, clock.watermark)
      else wall = Math.max(wall, clock.watermark + (this.#monotonic! - clock.silentSince!))
    }
    const next = min === Infinity ? wall : min
    if (next > this.#value && next !== Infinity) this.#value = next
  }
}
