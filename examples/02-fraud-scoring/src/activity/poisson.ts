/**
 * Poisson numbers for rates of k/64, by table: the distribution function in 32-bit steps, made once with whole numbers of
 * 96 binary places, because `Math.exp` may give another last digit on another version of Node.
 */
const one = 1n << 96n
const ratesPerUnit = 64

/** Entry n is the share of the numbers 0 to n, in units of 2^-32. */
export type PoissonTable = readonly number[]

/** `rate64`: the mean, in 64ths. */
export function poissonTable(rate64: number): PoissonTable {
  const terms: bigint[] = []
  let sum = 0n
  for (let term = one, n = 1n; term > 0n; n++) {
    terms.push(term)
    sum += term
    term = (term * BigInt(rate64)) / (n * BigInt(ratesPerUnit))
  }
  const table: number[] = []
  let below = 0n
  for (const term of terms) {
    below += term
    table.push(Number((below << 32n) / sum))
    if (table.at(-1) === 0x1_0000_0000) break
  }
  return table
}

/** The number that belongs to 32 random bits. */
export function poisson(table: PoissonTable, bits: number): number {
  let n = 0
  while (n < table.length - 1 && bits >= table[n]!) n++
  return n
}
