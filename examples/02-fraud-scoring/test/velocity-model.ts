/**
 * What the windows must come to, by plain arithmetic over the payments of one partition in their order: windows of an hour, two
 * for each payment, closed when the newest payment is half a minute behind their end.
 */
import type { Transaction } from '../src/transaction.ts'
import type { Velocity } from '../src/velocity.ts'

const hour = 3_600_000
const half = hour / 2
const outOfOrder = 30_000

export interface ExpectedWindows {
  /** Those with three payments or more. */
  readonly busy: readonly Velocity[]
  readonly closed: number
  /** Ids of the payments that all their windows refused. */
  readonly late: readonly string[]
  readonly watermark: number
}

export function windowsOf(payments: Iterable<Transaction>): ExpectedWindows {
  const windows = new Map<string, { user: string; from: number; payments: number; cents: number }>()
  const late: string[] = []
  let watermark = -Infinity
  for (const { id, user, amount, at } of payments) {
    const newest = at - (at % half)
    const open = [newest - half, newest].filter((from) => from + hour > watermark)
    if (open.length === 0) late.push(id)
    for (const from of open) {
      const window = windows.get(`${user} ${from}`) ?? { user, from, payments: 0, cents: 0 }
      windows.set(`${user} ${from}`, window)
      window.payments++
      window.cents += Math.round(amount * 100)
    }
    watermark = Math.max(watermark, at - outOfOrder)
  }
  const closed = [...windows.values()].filter(({ from }) => from + hour <= watermark)
  const busy = closed
    .filter(({ payments }) => payments >= 3)
    .map(({ user, from, payments, cents }) => ({
      user,
      from,
      to: from + hour,
      payments,
      sum: cents / 100,
    }))
  return { busy, closed: closed.length, late, watermark }
}
