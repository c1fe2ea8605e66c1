/**
 * Activity: the stream of transactions by index. Row `i` depends on the rules and `i` alone, so a source resumes anywhere
 * and gives the same bytes. What is kept (where days begin, the day at hand) only saves time.
 */
import { arrivalsOf, countOf } from './day.ts'
import type { Arrival } from './day.ts'
import { defaultRules } from './rules.ts'
import type { ActivityRules } from './rules.ts'
import { wireOf } from './wire.ts'
import { World } from './world.ts'

export interface ActivityRow {
  /** The user. */
  readonly key: string
  readonly value: Uint8Array
  /** When it arrived, epoch ms; when it happened stands in the value. */
  readonly timestamp: number
}

export class Activity {
  readonly world: World
  /** Index behind the last row of each day known so far. */
  readonly #ends: number[] = []
  #day = -1
  #arrivals: readonly Arrival[] = []

  constructor(rules: Partial<ActivityRules> = {}) {
    this.world = new World({ ...defaultRules, ...rules })
  }

  row(index: number): ActivityRow {
    const { transaction, arrivedAt } = this.arrival(index)
    return {
      key: transaction.customer.id,
      value: wireOf(transaction, this.world),
      timestamp: arrivedAt,
    }
  }

  arrival(index: number): Arrival {
    const day = this.#dayOf(index)
    if (day !== this.#day) {
      this.#arrivals = arrivalsOf(this.world, day)
      this.#day = day
    }
    return this.#arrivals[index - this.#begin(day)]!
  }

  #dayOf(index: number): number {
    if (this.#day >= 0 && index >= this.#begin(this.#day) && index < this.#ends[this.#day]!)
      return this.#day
    while (index >= (this.#ends.at(-1) ?? 0))
      this.#ends.push((this.#ends.at(-1) ?? 0) + countOf(this.world, this.#ends.length))
    let low = 0
    let high = this.#ends.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (index < this.#ends[middle]!) high = middle
      else low = middle + 1
    }
    return low
  }

  #begin(day: number): number {
    return day === 0 ? 0 : this.#ends[day - 1]!
  }
}
