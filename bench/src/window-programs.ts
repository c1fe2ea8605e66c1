/**
 * The list of window benches: each operator at 100k keys, the cheapest one from a thousand keys to a million, and with LevelDB: all
 * keys in the cache, and six in ten.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { level } from '@millrace/core/level'
import type { LevelOptions } from '@millrace/core/level'
import { operators, windowBench } from './windows.ts'
import type { WindowBench } from './windows.ts'

interface Named {
  readonly benches: readonly string[]
  run(): ReturnType<typeof windowBench>
}

const sizes: Readonly<Record<string, number>> = {
  '1k': 1_000,
  '10k': 10_000,
  '100k': 100_000,
  '1m': 1_000_000,
}
const measuredRows = 500_000

export const windowPrograms: readonly Named[] = [
  ...Object.keys(sizes).map((size) => inMemory('tumbling-count', size)),
  ...['100k', '1m'].map((size) => inMemory('tumbling-count', size, true)),
  ...Object.keys(operators)
    .filter((operator) => operator !== 'tumbling-count')
    .map((operator) => inMemory(operator, '100k')),
  onDisk('windows-tumbling-count-level-100k', 100_000, { cacheEntries: 200_000 }),
  onDisk('windows-tumbling-count-level-1m', 1_000_000, { cacheEntries: 600_000 }),
]

function inMemory(operator: string, size: string, uniform: boolean = false): Named {
  const name = `windows-${operator}${uniform ? '-uniform' : ''}-memory-${size}`
  const build = operators[operator]!
  return {
    benches: [name],
    run: () => windowBench({ name, keys: sizes[size]!, rows: measuredRows, uniform, build }),
  }
}

/** All keys are alike, so that six in ten cached means four misses in ten. One round: filling a million keys takes most of the time. */
function onDisk(name: string, keys: number, options: LevelOptions): Named {
  const state: WindowBench['state'] = async () => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const spec = level({ dir, cacheBytes: 2 ** 30, ...options })
    return { spec, close: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }) }
  }
  const build = operators['tumbling-count']!
  return {
    benches: [name],
    run: () =>
      windowBench({ name, keys, rows: measuredRows, rounds: 1, uniform: true, state, build }),
  }
}
