/** A folder for data that is thrown away: at the latest when this process is gone. */

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onOwnDeath } from './watchdog.ts'

export interface TemporaryFolder {
  readonly path: string
  remove(): Promise<void>
}

export function temporaryFolder(prefix: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), prefix))
  // More than one try: a server that is being killed at this moment may still write into it.
  const release = onOwnDeath('for i in 1 2 3 4 5; do rm -rf -- "$1" && exit; sleep 1; done', path)
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      release()
    },
  }
}
