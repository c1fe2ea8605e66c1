/** Whether a process runs, ours or not. One that has ended and is not waited for yet does not. */

import { existsSync, readFileSync } from 'node:fs'

export function isAlive(pid: number): boolean {
  // Where nobody is init, as in some containers, an orphan stays a zombie (Z) for ever.
  if (existsSync('/proc/self/stat')) return /\) [^ZX]/.test(statOf(pid))
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Linux: `1234 (java) S ...`, or nothing. */
function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}
