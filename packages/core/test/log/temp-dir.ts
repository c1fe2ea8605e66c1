// A directory per test, removed behind it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function tempDir(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-log-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

export const bytes = (text: string | null): Uint8Array | null =>
  text === null ? null : Buffer.from(text)
