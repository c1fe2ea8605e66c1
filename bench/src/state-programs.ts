/** The list of state benches: get and put of counts from a thousand keys to a million, and memory when state outgrows it. */
import type { Result } from './result.ts'
import { bounded, compareStates } from './state.ts'

interface Named {
  readonly benches: readonly string[]
  run(): Promise<readonly Result[]>
}

const sizes: Readonly<Record<string, number>> = {
  '1k': 1_000,
  '10k': 10_000,
  '100k': 100_000,
  '1m': 1_000_000,
}
const stores = ['memory', 'level', 'level-tenth', 'awaited']

export const statePrograms: readonly Named[] = [
  ...Object.entries(sizes).map(([size, keys]) => ({
    benches: stores.map((store) => `state-count-${store}-${size}`),
    run: () => compareStates(size, keys),
  })),
  { benches: ['state-bounded-level-tenth-1m'], run: () => bounded('1m', 1_000_000) },
]
