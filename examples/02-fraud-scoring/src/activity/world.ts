/**
 * World: customers and terminals on a 100 x 100 grid, and who is compromised on which day. A function of the rules alone.
 * Amounts are in cents, places in hundredths of a unit.
 */
import { poissonTable } from './poisson.ts'
import type { PoissonTable } from './poisson.ts'
import { Random, use } from './random.ts'
import { gridSide, skimmers, stolenCards } from './rules.ts'
import type { ActivityRules } from './rules.ts'

export interface Customer {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly meanCents: number
  /** How many transactions a day has. */
  readonly perDay: PoissonTable
  /** Numbers of the terminals within the radius. */
  readonly near: readonly number[]
}

export interface Terminal {
  readonly id: string
  readonly x: number
  readonly y: number
}

export class World {
  readonly rules: ActivityRules
  readonly customers: readonly Customer[]
  readonly terminals: readonly Terminal[]

  constructor(rules: ActivityRules) {
    this.rules = rules
    const random = new Random()
    this.terminals = Array.from({ length: rules.terminals }, (_, i) => {
      random.to(rules.seed, use.terminal, i)
      return { id: `m${number5(i)}`, x: random.below(gridSide), y: random.below(gridSide) }
    })
    const cells = new Cells(this.terminals, rules.radius)
    const tables = Array.from({ length: 257 }, (_, rate64) => poissonTable(rate64))
    this.customers = Array.from({ length: rules.customers }, (_, i) => {
      random.to(rules.seed, use.customer, i)
      const x = random.below(gridSide)
      const y = random.below(gridSide)
      const meanCents = 500 + random.below(9_501)
      const perDay = tables[random.below(257)]!
      const near = cells.near(x, y)
      return {
        id: `u${number5(i)}`,
        x,
        y,
        meanCents,
        perDay,
        near: near.length > 0 ? near : [i % rules.terminals],
      }
    })
  }

  /** Terminals that steal cards on this day: picked on it or shortly before. */
  skimmersOn(day: number): ReadonlySet<number> {
    return this.#picked(day, use.skimmers, skimmers, this.terminals.length)
  }

  /** Customers whose card is in other hands on this day. */
  stolenCardsOn(day: number): ReadonlySet<number> {
    return this.#picked(day, use.stolenCards, stolenCards, this.customers.length)
  }

  #picked(
    day: number,
    purpose: number,
    rule: { readonly perDay: number; readonly days: number },
    among: number,
  ): ReadonlySet<number> {
    const random = new Random()
    const picked = new Set<number>()
    for (let from = Math.max(0, day - rule.days + 1); from <= day; from++) {
      random.to(this.rules.seed, purpose, from)
      for (let n = 0; n < rule.perDay; n++) picked.add(random.below(among))
    }
    return picked
  }
}

/** Terminals by squares as wide as the radius: what is near lies in nine of them. */
class Cells {
  readonly #terminals: readonly Terminal[]
  readonly #radius: number
  readonly #across: number
  readonly #cells: number[][]

  constructor(terminals: readonly Terminal[], radius: number) {
    this.#terminals = terminals
    this.#radius = radius
    this.#across = Math.floor(gridSide / radius) + 1
    this.#cells = Array.from({ length: this.#across * this.#across }, () => [])
    terminals.forEach(({ x, y }, i) =>
      this.#cells[this.#cell(Math.floor(x / radius), Math.floor(y / radius))]!.push(i),
    )
  }

  near(x: number, y: number): readonly number[] {
    const found: number[] = []
    const column = Math.floor(x / this.#radius)
    const row = Math.floor(y / this.#radius)
    for (let i = Math.max(0, column - 1); i <= Math.min(this.#across - 1, column + 1); i++) {
      for (let j = Math.max(0, row - 1); j <= Math.min(this.#across - 1, row + 1); j++) {
        for (const terminal of this.#cells[this.#cell(i, j)]!) {
          const place = this.#terminals[terminal]!
          if (
            (place.x - x) * (place.x - x) + (place.y - y) * (place.y - y) <=
            this.#radius * this.#radius
          )
            found.push(terminal)
        }
      }
    }
    return found
  }

  #cell(column: number, row: number): number {
    return column * this.#across + row
  }
}

function number5(i: number): string {
  return String(i).padStart(5, '0')
}
