/**
 * One server per mocha process, shared by every suite that asks for it, and the loud skip of those
 * suites where it cannot be had.
 *
 *     const broker = sharedKafka()
 *     before(async function () {
 *       cluster = await skipUnless(this, broker)
 *     })
 *
 * Nothing starts before the first suite asks. Nobody stops a shared server: it goes with the
 * process (see watchdog.ts). Suites therefore use random names for whatever they create in it.
 */

import { skipBecause } from '../support/skip.ts'
import { ServerUnavailable } from './unavailable.ts'

export interface SharedServer<T> {
  /** The running server; the first call starts it, and every call has the same outcome. */
  get(): Promise<T>
}

/** The first start may have to download the server; the next ones take seconds. */
const startWithinMs = 8 * 60_000

const announced = new Set<string>()

export function sharedServer<T>(start: () => Promise<T>): SharedServer<T> {
  let started: Promise<T> | undefined
  return { get: () => (started ??= start()) }
}

/**
 * For a `before` hook: the running server, or its suite is skipped. The reason is printed once, as
 * it happens and whatever the reporter; ours lists it again at the end, with what was left out.
 */
export async function skipUnless<T>(context: Mocha.Context, server: SharedServer<T>): Promise<T> {
  context.timeout(startWithinMs)
  try {
    return await server.get()
  } catch (error) {
    if (!(error instanceof ServerUnavailable)) throw error
    if (!announced.has(error.message)) console.error(`\n  skipped: ${error.message}\n`)
    announced.add(error.message)
    return skipBecause(context, error.reason)
  }
}
