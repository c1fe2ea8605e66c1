/**
 * One day of the stream: its transactions, then what the stream does to them (delays, duplicates, defects), in order of
 * arrival. A function of the world and the number of the day; days do not overlap, so a row is found by its index.
 */
import { poisson } from './poisson.ts'
import { Random, use } from './random.ts'
import { dayMs, largeAmount, stolenCards } from './rules.ts'
import type { StreamRules } from './rules.ts'
import type { Customer, World } from './world.ts'

/** What is wrong with a row; a row has one defect at most, so that the ledger adds up. */
export type Defect = 'none' | 'malformed' | 'invalid' | 'future' | 'zeroAmount'

/** The truth about a transaction; it is not in the stream. */
export type Fraud = 'none' | 'largeAmount' | 'skimmer' | 'stolenCard'

export interface Transaction {
  readonly id: string
  readonly customer: Customer
  readonly terminal: number
  readonly cents: number
  /** Event time, epoch ms. */
  readonly at: number
  readonly defect: Defect
  readonly fraud: Fraud
}

/** A transaction on its way: a duplicate is a second arrival of the same one. */
export interface Arrival {
  readonly transaction: Transaction
  /** Epoch ms. */
  readonly arrivedAt: number
  readonly delayed: boolean
  readonly offline: boolean
  readonly duplicate: boolean
}

/** How many rows the day has: the first draws of `arrivalsOf`, and no more. */
export function countOf(world: World, day: number): number {
  const { seed, stream } = world.rules
  const random = new Random()
  let rows = 0
  for (let i = 0; i < world.customers.length; i++) {
    const { perDay } = world.customers[i]!
    const transactions = poisson(perDay, random.to(seed, use.day, day, i).next())
    rows += transactions
    for (let n = 0; n < transactions; n++) if (random.chance(stream.duplicates)) rows++
  }
  return rows
}

export function arrivalsOf(world: World, day: number): readonly Arrival[] {
  const { seed, stream } = world.rules
  const skimmed = world.skimmersOn(day)
  const stolen = world.stolenCardsOn(day)
  const random = new Random()
  const arrivals: Arrival[] = []
  world.customers.forEach((customer, i) => {
    const transactions = poisson(customer.perDay, random.to(seed, use.day, day, i).next())
    const twice = Array.from({ length: transactions }, () => random.chance(stream.duplicates))
    for (let n = 0; n < transactions; n++) {
      const id = `${day}-${i}-${n}`
      const transaction = draw(world, random, { id, day, customer, skimmed, stolen: stolen.has(i) })
      arrivals.push(arrival(transaction, random, stream, false))
      if (twice[n]!) arrivals.push(arrival(transaction, random, stream, true))
    }
  })
  // Sorting is stable, so equal times stay in the order in which they were drawn.
  return arrivals.sort((a, b) => a.arrivedAt - b.arrivedAt)
}

interface Setting {
  readonly id: string
  readonly day: number
  readonly customer: Customer
  readonly skimmed: ReadonlySet<number>
  readonly stolen: boolean
}

function draw(
  world: World,
  random: Random,
  { id, day, customer, skimmed, stolen }: Setting,
): Transaction {
  const { startMs, stream } = world.rules
  const at = startMs + day * dayMs + timeOfDay(random)
  const terminal = customer.near[random.below(customer.near.length)]!
  const usual = amount(random, customer.meanCents)
  const byThief = random.below(stolenCards.oneIn) === 0 && stolen
  const defect = defectOf(random, stream)
  const cents = defect === 'zeroAmount' ? 0 : byThief ? usual * stolenCards.factor : usual
  const fraud = byThief
    ? 'stolenCard'
    : skimmed.has(terminal)
      ? 'skimmer'
      : cents > largeAmount
        ? 'largeAmount'
        : 'none'
  return { id, customer, terminal, cents, at, defect, fraud }
}

function arrival(
  transaction: Transaction,
  random: Random,
  stream: StreamRules,
  duplicate: boolean,
): Arrival {
  const offline = random.chance(stream.offline)
  const delayed = !offline && random.chance(stream.delayed)
  const delayMs = offline
    ? 1_000 * (1 + random.below(stream.offlineSecondsMax))
    : delayed
      ? 1 + random.below(stream.delayMsMax)
      : 0
  return { transaction, arrivedAt: transaction.at + delayMs, delayed, offline, duplicate }
}

/** N(43,200 s, 20,000 s), drawn again until it falls into the day. */
function timeOfDay(random: Random): number {
  for (;;) {
    const ms = 43_200_000 + Math.floor((random.normal16() * 20_000_000) / 65_536)
    if (ms >= 0 && ms < dayMs) return ms
  }
}

/** N(mean, mean / 2), drawn again until it is above zero. */
function amount(random: Random, meanCents: number): number {
  for (;;) {
    const cents = meanCents + Math.floor((random.normal16() * meanCents) / 131_072)
    if (cents > 0) return cents
  }
}

function defectOf(random: Random, stream: StreamRules): Defect {
  let draw = random.below(1_000_000)
  if (draw < stream.malformed) return 'malformed'
  draw -= stream.malformed
  if (draw < stream.invalid) return 'invalid'
  draw -= stream.invalid
  if (draw < stream.future) return 'future'
  draw -= stream.future
  return draw < stream.zeroAmounts ? 'zeroAmount' : 'none'
}
