/** What follows from a transaction alone: the country of its terminal, and when it happened in the cardholder's day. */
import type { Account } from './accounts.ts'
import type { Transaction } from './transaction.ts'

/** A transaction and the account of its user, if there is one. */
export interface Payment {
  readonly transaction: Transaction
  readonly account: Account | null
}

export interface Enriched extends Payment {
  readonly country: string
  readonly hour: number
  readonly night: boolean
}

const countries = [
  'AT',
  'BE',
  'CH',
  'CZ',
  'DE',
  'DK',
  'ES',
  'FI',
  'FR',
  'GB',
  'GR',
  'IE',
  'IT',
  'NL',
  'NO',
  'PL',
  'PT',
  'RO',
  'SE',
  'SK',
]
const hourMs = 3_600_000

export function enrich({ transaction, account }: Payment): Enriched {
  const { at, x, y } = transaction
  const hour = Math.floor(at / hourMs) % 24
  return { transaction, account, country: countryAt(x, y), hour, night: hour < 6 }
}

/** The grid has five columns and four rows of countries. */
export function countryAt(x: number, y: number): string {
  const column = Math.min(4, Math.floor(x / 20))
  const row = Math.min(3, Math.floor(y / 25))
  return countries[row * 5 + column]!
}
