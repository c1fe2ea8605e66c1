// Runs a program of this folder in a process of its own, on TypeScript sources.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** Lines of its output so far. */
  readonly lines: string[]
  /** Resolves when the condition on the lines holds, or the child ended. */
  until(done: (lines: readonly string[]) => boolean): Promise<void>
  readonly exited: Promise<number | null>
}

export function runChild(program: string, ...args: readonly string[]): Child {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millrace/source', path, ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const output = createInterface({ input: child.stdout })
  const wake = (): void => waiting.forEach((again) => again())
  output.on('line', (line) => {
    lines.push(line)
    wake()
  })
  let ended = false
  const exited = new Promise<number | null>((resolve) => {
    // 'close', not 'exit': by then its output was read, too
    child.on('close', (code) => {
      ended = true
      resolve(code)
      wake()
    })
  })
  const until = (done: (lines: readonly string[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const again = (): void => {
        if (!done(lines) && !ended) return
        waiting.delete(again)
        resolve()
      }
      waiting.add(again)
      again()
    })
  return { process: child, pid: child.pid!, lines, until, exited }
}
