/** How often and how much a user has paid within an hour, counted anew every half hour. */
import { hopping } from '@millrace/core'
import type { TimeWindow, Windowed } from '@millrace/core'
import type { Transaction } from './transaction.ts'

export const lately: TimeWindow = hopping('1h', '30m')

/** In cents: sums of whole numbers are exact. */
export interface Paid {
  payments: number
  cents: number
}

export interface Velocity {
  readonly user: string
  readonly from: number
  readonly to: number
  readonly payments: number
  readonly sum: number
}

/** From here on it is worth a line. */
export const busyPayments = 3

export const nothingPaid = (): Paid => ({ payments: 0, cents: 0 })

export function addPayment(paid: Paid, { amount }: Transaction): Paid {
  paid.payments++
  paid.cents += Math.round(amount * 100)
  return paid
}

export function velocity({ payments, cents }: Paid, window: Windowed<string>): Velocity {
  const { key, start, end } = window
  return { user: key, from: start, to: end, payments, sum: cents / 100 }
}
