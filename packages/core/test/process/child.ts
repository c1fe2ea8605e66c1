// Runs a program of this folder in a process of its own, on TypeScript sources, with one JSON argument.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Child {
  readonly process: ChildProcess
  /** Lines of stdout so far. */
  readonly lines: readonly string[]
  /** What it said on stderr. */
  readonly said: () => string
  /** Resolves when a line begins so; rejects when the child has ended without one. */
  line(beginning: string): Promise<string>
  readonly exited: Promise<Exit>
}

export function runProgram(
  program: string,
  args: object,
  options: { readonly nodeArgs?: readonly string[] } = {},
): Child {
  const path = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))
  const nodeArgs = ['--import', 'tsx', '--conditions=@millrace/source', ...(options.nodeArgs ?? [])]
  const child = spawn(process.execPath, [...nodeArgs, path, JSON.stringify(args)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let said = ''
  let exit: Exit | undefined
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach((again) => again())
  const output = createInterface({ input: child.stdout })
  output.on('line', (text) => {
    lines.push(text)
    wake()
  })
  child.stderr.on('data', (text) => (said += String(text)))
  const exited = new Promise<Exit>((resolve) => {
    child.on('close', (code, signal) => {
      exit = { code, signal }
      resolve(exit)
      wake()
    })
  })
  const line = (beginning: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const again = (): void => {
        const found = lines.find((text) => text.startsWith(beginning))
        if (found === undefined && exit === undefined) return
        waiting.delete(again)
        if (found === undefined)
          reject(
            new Error(
              `the program ended (${JSON.stringify(exit)}) without '${beginning}':\n${said}`,
            ),
          )
        else resolve(found)
      }
      waiting.add(again)
      again()
    })
  return { process: child, lines, said: () => said, line, exited }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
