/** Runs a command that ends by itself and keeps what it printed; a bad end is an answer too. */

import { execFile } from 'node:child_process'

export interface Outcome {
  /** Undefined when it ended well, else `not found`, `exit code 1`, `no end after 30000 ms`. */
  readonly failure: string | undefined
  /** Standard output, then standard error. */
  readonly output: string
}

export function runToEnd(
  command: string,
  args: readonly string[],
  { withinMs }: { readonly withinMs: number },
): Promise<Outcome> {
  const options = { timeout: withinMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 } as const
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const output = [stdout.trim(), stderr.trim()].filter((text) => text !== '').join('\n')
      if (error === null) resolve({ failure: undefined, output })
      else if (error.code === 'ENOENT') resolve({ failure: 'not found', output })
      else if (error.killed) resolve({ failure: `no end after ${withinMs} ms`, output })
      else resolve({ failure: error.signal ?? `exit code ${error.code}`, output })
    })
  })
}
