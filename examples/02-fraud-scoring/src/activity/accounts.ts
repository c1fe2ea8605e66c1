/**
 * The accounts of the customers as rows of a topic: one row each, then changes of some, all before the first transaction.
 * Every hundredth customer has none. Like all of the world a function of the rules alone.
 */
import { Random, use } from './random.ts'
import { accountChanges, dayMs } from './rules.ts'
import type { Customer, World } from './world.ts'

export interface AccountRow {
  /** The user. */
  readonly key: string
  /** `limit`: what one payment may be, in the currency's unit. */
  readonly value: { readonly user: string; readonly limit: number }
  readonly timestamp: number
}

export function accountRowsOf(world: World): readonly AccountRow[] {
  const { seed, startMs } = world.rules
  const random = new Random()
  const holders = world.customers.filter((_, i) => i % 100 !== 99)
  const row = ({ id, meanCents }: Customer, timestamp: number): AccountRow => {
    const limit = Math.ceil((meanCents * (2 + random.below(4))) / 100)
    return { key: id, value: { user: id, limit }, timestamp }
  }
  const first = holders.map((customer, i) => {
    random.to(seed, use.account, i)
    return row(customer, startMs - dayMs)
  })
  const changes = Array.from({ length: accountChanges }, (_, i) => {
    random.to(seed, use.accountChange, i)
    return row(holders[random.below(holders.length)]!, startMs - dayMs + 1 + i)
  })
  return [...first, ...changes]
}
