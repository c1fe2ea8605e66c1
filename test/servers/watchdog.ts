/**
 * Ends what we started when we end, however that happens: at the end of the run, by Ctrl-C, by
 * SIGKILL, by the machine's memory killer. A shell process, detached, waits on a pipe of which we
 * hold the other end. The kernel closes it with us; then the shell acts. One mechanism for every
 * way to die, and none of them runs code of ours, so a signal handler or an `exit` listener could
 * not do as much (and mocha's own signal handling stays as it is).
 */

import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Runs the shell commands with `$1`, `$2` ... once this process is gone. The function that comes
 * back calls it off: call it as soon as the thing is gone, since process ids are used again.
 */
export function onOwnDeath(commands: string, ...parameters: readonly string[]): () => void {
  const script = `read -r word; [ "$word" = released ] && exit 0; ${commands}`
  const shell = spawn('/bin/sh', ['-c', script, 'millrace-watchdog', ...parameters], {
    cwd: '/',
    // `rm` and `sleep` are found even where our own PATH is odd.
    env: { PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const pipe = shell.stdin as Socket
  // Neither may keep the run alive; an error means that the shell is gone, and with it the watch.
  shell.on('error', () => undefined).unref()
  pipe.on('error', () => undefined).unref()
  return () => pipe.end('released\n')
}
