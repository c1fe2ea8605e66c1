// The seed of a random run: printed first, and replayed by MILLRACE_SEED.
import { seededRandom } from '../../src/testing/seeded-random.ts'

export interface Chance {
  readonly seed: number
  /** A whole number in [from, to). */
  between(from: number, to: number): number
}

export function chance(): Chance {
  const given = process.env['MILLRACE_SEED']
  const seed = given === undefined ? Date.now() % 1_000_000 : Number(given)
  const random = seededRandom(seed)
  return { seed, between: (from, to) => from + Math.floor(random() * (to - from)) }
}
