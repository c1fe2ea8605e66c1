/**
 * Lets one process at a time do a piece of work, such as a download: a file that only one of them
 * can create, holding the process id of the one that did.
 *
 * A lock whose holder is dead, or that is older than any holder may take, is removed. Two waiting
 * processes may do so at the same moment, and then both work: so the lock saves work and must not
 * be what keeps a result whole (kafka-jars.ts puts its folder in place by a rename).
 */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './is-alive.ts'

export async function withLock<T>(
  file: string,
  { heldMsMax }: { readonly heldMsMax: number },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  while (!take(file)) {
    if (isAbandoned(file, heldMsMax)) rmSync(file, { force: true })
    else await sleep(250)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isAbandoned(file: string, heldMsMax: number): boolean {
  try {
    const holder = Number(readFileSync(file, 'utf8'))
    const heldMs = Date.now() - statSync(file).mtimeMs
    // Created and not yet written to: its holder is just taking it.
    if (holder === 0) return heldMs > 5_000
    return heldMs > heldMsMax || !isAlive(holder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
