/**
 * Where the state of tasks lives while a case runs: in memory, or in one LevelDB for all cases, which is opened once. There next to
 * nothing may stay in memory, so that reads and what is due next come from the disk.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { levelForTests } from '@millrace/core/testing'
import type { TestDriverOptions } from '@millrace/core/testing'

export interface Stores {
  readonly options: Pick<TestDriverOptions, 'state'>
  /** Between two inputs what is decided is written, and what is due on disk is read. */
  readonly onDisk: boolean
  close(): Promise<void>
}

export const memoryStores: Stores = {
  options: {},
  onDisk: false,
  close: () => Promise.resolve(),
}

export async function openStores(store: 'memory' | 'level'): Promise<Stores> {
  if (store === 'memory') return memoryStores
  const dir = await mkdtemp(join(tmpdir(), 'millrace-parity-'))
  // Next to nothing of what is kept is in memory. What is due next is, as by default: a short front has tests of its own.
  const pool = await levelForTests(dir, { cacheEntries: 4, dueFront: 20_000 })
  return {
    options: { state: (task) => pool.open(task) },
    onDisk: true,
    async close() {
      await pool.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
