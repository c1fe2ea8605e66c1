/** The suites here run in a mocha of their own, so that a skip is one that mocha makes. */

import { assert } from 'chai'
import Mocha from 'mocha'
import { sharedServer, type SharedServer, skipUnless } from './shared-server.ts'
import { ServerUnavailable } from './unavailable.ts'

const unavailable = new ServerUnavailable({
  server: 'test server',
  because: 'nobody has built it',
  remedy: 'Build one.',
})

describe('a shared server', () => {
  it('is started once for all suites, and not before the first one asks', async () => {
    let starts = 0
    const server = sharedServer(() => Promise.resolve(++starts))
    assert.equal(starts, 0)
    assert.deepEqual(await run([server, server]), { passed: 4, failed: 0, skipped: 0, printed: [] })
    assert.equal(starts, 1)
  })

  it('that cannot be had skips every suite that needs it, and says why once', async () => {
    const server = sharedServer(() => Promise.reject(unavailable))
    assert.deepEqual(await run([server, server]), {
      passed: 0,
      failed: 0,
      skipped: 4,
      printed: ['\n  skipped: no test server, because nobody has built it. Build one.\n'],
    })
  })

  it('that does not start although it could be had fails every suite that needs it', async () => {
    const server = sharedServer(() => Promise.reject(new Error('broken')))
    const outcome = await run([server, server])
    // Of each suite the `before` hook fails, and its tests do not run.
    assert.deepEqual(outcome, { passed: 0, failed: 2, skipped: 0, printed: [] })
  })
})

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly printed: string[]
}

/** Runs a suite of two tests for each server; what it prints is kept. */
async function run(servers: readonly SharedServer<unknown>[]): Promise<Outcome> {
  const mocha = new Mocha({ reporter: class {} as never })
  for (const [i, server] of servers.entries()) {
    const suite = Mocha.Suite.create(mocha.suite, `suite ${i}`)
    suite.beforeAll(async function () {
      await skipUnless(this, server)
    })
    suite.addTest(new Mocha.Test('one', () => undefined))
    suite.addTest(new Mocha.Test('two', () => undefined))
  }
  const printed: string[] = []
  const print = console.error
  console.error = (line: string) => printed.push(line)
  try {
    const stats = await new Promise<Mocha.Stats>((resolve) => {
      const runner = mocha.run(() => resolve(runner.stats!))
    })
    return { passed: stats.passes, failed: stats.failures, skipped: stats.pending, printed }
  } finally {
    console.error = print
  }
}
