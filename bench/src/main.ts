/**
 * `npm run bench -- [filter] --json`: runs the benches whose name contains the filter. stdout holds the table, or one JSON object
 * a line with `--json`; progress and logs go to stderr. Each program runs in a process of its own (see programs.ts).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { programs } from './programs.ts'
import type { Result } from './result.ts'
import { table } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const [wanted = '', ...more] = positionals
const chosen = programs.filter(({ benches }) => benches.some((bench) => bench.includes(wanted)))

if (more.length > 0 || chosen.length === 0) {
  const names = programs.flatMap(({ benches }) => benches)
  process.stderr.write(
    `npm run bench -- [part of a name] [--json]\nThere are: ${names.join(', ')}\n`,
  )
  process.exitCode = 2
} else {
  await runAll()
}

async function runAll(): Promise<void> {
  const rows: Result[] = []
  for (const [index, { benches }] of chosen.entries()) {
    process.stderr.write(`bench ${index + 1} of ${chosen.length}: ${benches.join(', ')}\n`)
    for (const row of await inOwnProcess(benches[0]!)) {
      if (!row.bench.includes(wanted)) continue
      rows.push(row)
      if (values.json) process.stdout.write(`${JSON.stringify(row)}\n`)
    }
  }
  if (!values.json) process.stdout.write(`${table(rows)}\n`)
}

/** With the loader and the conditions of this process. */
async function inOwnProcess(bench: string): Promise<readonly Result[]> {
  const file = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, file, bench], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the bench ${bench} ended with code ${code}: its words are above`)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result)
}
