/**
 * Calibration: a million times `JSON.parse` of one fixed event of 226 bytes with twelve fields. It says how fast the machine is
 * just now; figures of two machines compare only when divided by it.
 */
export const calibrationEvent: string = JSON.stringify({
  id: 'evt-0000000001',
  user: 'user-0000042',
  at: 1_700_000_000_000,
  type: 'purchase',
  amount: 129.95,
  currency: 'EUR',
  country: 'DE',
  device: 'web',
  items: 3,
  coupon: null,
  session: 'c0ffee00c0ffee00',
  note: 'first of the month',
})

const parses = 1_000_000

/** Returns the number of records, for which the caller measures the time. */
export function calibrate(): number {
  let sum = 0
  for (let i = 0; i < parses; i++) sum += (JSON.parse(calibrationEvent) as { items: number }).items
  if (sum !== parses * 3) throw new Error('JSON.parse made something else of the event')
  return parses
}
