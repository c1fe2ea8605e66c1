/** Two suites that start at once must not download the same thing twice. */

import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { assert } from 'chai'
import { withLock } from './lock-file.ts'

describe('a lock file', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'))
    file = join(folder, 'deeper', 'lock')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('lets one work after the other', async () => {
    let working = 0
    const results = await Promise.all(
      [1, 2, 3].map((result) =>
        withLock(file, { heldMsMax: 5_000 }, async () => {
          assert.equal(++working, 1)
          await sleep(20)
          working--
          return result
        }),
      ),
    )
    assert.deepEqual(results, [1, 2, 3])
    assert.isFalse(existsSync(file))
  })

  it('is free again after work that failed', async () => {
    const failing = withLock(file, { heldMsMax: 5_000 }, () => Promise.reject(new Error('broken')))
    assert.equal(await failing.catch((error: Error) => error.message), 'broken')
    assert.isFalse(existsSync(file))
  })

  it('of a process that is dead holds nobody up', async () => {
    await withLock(file, { heldMsMax: 5_000 }, () => Promise.resolve())
    writeFileSync(file, '99999999\n')
    assert.equal(await withLock(file, { heldMsMax: 5_000 }, () => Promise.resolve(1)), 1)
  })

  it('that is older than any work holds nobody up', async () => {
    await withLock(file, { heldMsMax: 5_000 }, () => Promise.resolve())
    writeFileSync(file, `${process.pid}\n`)
    const longAgo = Date.now() / 1_000 - 10
    utimesSync(file, longAgo, longAgo)
    assert.equal(await withLock(file, { heldMsMax: 5_000 }, () => Promise.resolve(1)), 1)
  })
})
