/** What a spec is opened with in these tests: the real Env, quiet, and a directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../src/env.ts'
import type { OpenContext } from '../../src/log/log.ts'

export const quietEnv = realEnv({ log: () => {} })

export function contextIn(dir: string): OpenContext {
  return { env: quietEnv, app: 'test', dir }
}

/** Runs `work` in a fresh directory and removes it. */
export async function inTempDir(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await makeTempDir()
  try {
    await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export function makeTempDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'millrace-checkpoint-'))
}
