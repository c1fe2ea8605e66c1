// Turns fences into files inside the repository (elsewhere the names of the workspaces would not
// resolve), compiles all of them with one compiler, and runs one of them in a process of its own.
import { spawn as start } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { root } from '../tidy/files.ts'
import { nameOf, programOf, type Fence } from './fences.ts'

const runTimeoutMs = 30_000
const compileTimeoutMs = 120_000

const tsconfig = {
  extends: join(root, 'tsconfig.program.json'),
  include: ['*.ts'],
  compilerOptions: { composite: false, declarationMap: false, rootDir: root, types: ['node'] },
}

const print = `// Reports what a line of a block prints, on a channel of its own.
import { writeSync } from 'node:fs'
import { format } from 'node:util'
Object.assign(globalThis, {
  $print: (line, ...rest) => void writeSync(3, JSON.stringify([line, format(...rest)]) + '\\n'),
})
`

/** `folder` is removed first; it must lie inside the repository. */
export function writeFences(folder: string, fences: readonly Fence[]): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  writeFileSync(join(folder, 'print.mjs'), print)
  const globals = 'declare function $print(line: number, ...rest: unknown[]): void\n'
  writeFileSync(join(folder, 'print.d.ts'), globals)
  for (const fence of fences)
    writeFileSync(join(folder, `${nameOf(fence)}.ts`), programOf(fence).code)
}

/** Errors by the name of the fence, with lines of the page; '' has those that belong to none. */
export async function compileFences(
  folder: string,
  fences: readonly Fence[],
): Promise<Map<string, string[]>> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { output } = await spawn(
    [compiler, '-p', folder, '--pretty', 'false'],
    root,
    compileTimeoutMs,
  )
  const errors = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const match = /^(.+?)\.ts\((\d+),(\d+)\): (error .*)$/.exec(line)
    const fence = fences.find((it) => nameOf(it) === basename(match?.[1] ?? ''))
    if (match === null && !line.includes('error TS')) continue
    const name = fence === undefined ? '' : nameOf(fence)
    const said =
      fence && match ? `${fence.page}:${fence.line + Number(match[2])} ${match[4]}` : line
    errors.set(name, [...(errors.get(name) ?? []), said])
  }
  return errors
}

export type Run = { ok: boolean; output: string; printed: [line: number, text: string][] }

export async function runFence(folder: string, fence: Fence): Promise<Run> {
  const cwd = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
  try {
    const loader = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href
    const reporter = pathToFileURL(join(folder, 'print.mjs')).href
    const file = join(folder, `${nameOf(fence)}.ts`)
    const options = ['--import', loader, '--import', reporter, '--conditions=@millrace/source']
    const { ok, output, third } = await spawn([...options, file], cwd, runTimeoutMs)
    const lines = third.split('\n').filter((line) => line !== '')
    return { ok, output, printed: lines.map((line) => JSON.parse(line) as [number, string]) }
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

type Spawned = { ok: boolean; output: string; third: string }

/** Runs node; `third` is what came over file descriptor 3. Never rejects: a bad end is `ok: false` with the reason in `output`. */
function spawn(args: string[], cwd: string, timeoutMs: number): Promise<Spawned> {
  return new Promise((resolve) => {
    const child = start(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    let output = ''
    let third = ''
    const late = setTimeout(() => {
      output += `\nstill running after ${timeoutMs} ms\n`
      child.kill('SIGKILL')
    }, timeoutMs)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => (output += part))
    }
    const channel = child.stdio[3] as Readable | null
    channel?.setEncoding('utf8').on('data', (part: string) => (third += part))
    child.once('error', (error) => (output += String(error)))
    child.once('close', (code) => {
      clearTimeout(late)
      resolve({ ok: code === 0, output, third })
    })
  })
}
