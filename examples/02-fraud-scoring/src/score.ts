/** The rules: points for what is unusual, and their reasons. A model takes this place later. */
import type { Enriched } from './enrich.ts'
import type { Profile } from './profiles.ts'

export interface Known {
  readonly row: Enriched
  readonly profile: Profile
}

export interface Scored {
  readonly id: string
  readonly user: string
  readonly terminal: string
  readonly amount: number
  readonly country: string
  readonly at: number
  /** 0 to 1. */
  readonly score: number
  readonly reasons: readonly string[]
}

/** From here on somebody looks at it. */
export const alertScore = 0.6

export function score({ row, profile }: Known): Scored {
  const { account, country, night } = row
  const { id, user, terminal, amount, at } = row.transaction
  const reasons: string[] = []
  let points = 0
  if (amount > 220) {
    points += 60
    reasons.push('large amount')
  }
  if (amount > 3 * profile.usualAmount) {
    points += 50
    reasons.push('unusual amount')
  }
  if (account === null) {
    points += 10
    reasons.push('no account')
  } else if (amount > account.limit) {
    points += 30
    reasons.push('over the limit')
  }
  if (night) {
    points += 10
    reasons.push('night')
  }
  if (country !== profile.country) {
    points += 10
    reasons.push('abroad')
  }
  return { id, user, terminal, amount, country, at, score: Math.min(points, 100) / 100, reasons }
}
