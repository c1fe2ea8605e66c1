/**
 * The rows that every bench reads, made before the clock starts: small objects, a thousand keys, a time that rises with each
 * row (so that T moves on every row, which is the dearest case). No chance in it: equal counts give equal rows.
 */
export interface Event {
  readonly id: number
  readonly amount: number
  readonly kind: number
}

export interface BenchRow {
  readonly key: string
  readonly value: Event
  readonly timestamp: number
}

const firstMs = 1_700_000_000_000
const valuesMax = 65_536

export function makeRows(count: number): readonly BenchRow[] {
  const keys = Array.from({ length: 1_000 }, (_, i) => `user-${i}`)
  const values = Array.from({ length: Math.min(count, valuesMax) }, (_, i) => ({
    id: i,
    amount: (i * 7_919) % 1_000,
    kind: i % 4,
  }))
  return Array.from({ length: count }, (_, i) => ({
    key: keys[i % keys.length]!,
    value: values[i % values.length]!,
    timestamp: firstMs + i,
  }))
}
