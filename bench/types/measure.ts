/**
 * The cost of types: how many instantiations the compiler makes for a program of a user, over those of `empty.ts`, and
 * its budget. A count does not depend on the machine, so a test can hold it. One checker, because several repeat each
 * other's work and count it. Our packages are compiled from source, in the empty fixture as well, so nothing has to be
 * built first; what their own files have the compiler work out already is not counted.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface TypeCost {
  readonly fixture: string
  /** Net of the empty fixture. */
  readonly instantiations: number
  readonly budget: number
}

/** As in tsconfig.base.json. The compiler reads no configuration beside files that are named. */
const options: readonly string[] = [
  '--ignoreConfig --noEmit --checkers 1 --extendedDiagnostics --pretty false',
  '--target es2023 --lib es2023,esnext.disposable --types node',
  '--module nodenext --moduleDetection force --verbatimModuleSyntax',
  '--allowImportingTsExtensions --customConditions @millrace/source --skipLibCheck',
  '--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes',
].flatMap((line) => line.split(' '))

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Compiles each fixture by itself. Throws with the compiler's words if one does not compile. */
export async function measureTypes(): Promise<readonly TypeCost[]> {
  const budgets = JSON.parse(readFileSync(here('budgets.json'), 'utf8')) as Record<string, number>
  const empty = await instantiationsOf('empty')
  const costs: TypeCost[] = []
  for (const [fixture, budget] of Object.entries(budgets)) {
    costs.push({ fixture, instantiations: (await instantiationsOf(fixture)) - empty, budget })
  }
  return costs
}

/** The figures for people, one fixture a line. */
export function typeTable(costs: readonly TypeCost[]): string {
  return costs
    .map(({ fixture, instantiations, budget }) => {
      const share = Math.round((instantiations / budget) * 100)
      return `${fixture.padEnd(20)} ${String(instantiations).padStart(7)} of ${budget} instantiations (${share} %)`
    })
    .join('\n')
}

async function instantiationsOf(fixture: string): Promise<number> {
  const { code, output } = await compile(here(`${fixture}.ts`))
  const count = /^Instantiations:\s+(\d+)/m.exec(output)?.[1]
  if (code !== 0 || count === undefined) throw new Error(`${fixture} does not compile:\n${output}`)
  return Number(count)
}

function compile(file: string): Promise<{ code: number | null; output: string }> {
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
    /package\.json$/,
    'bin/tsc',
  )
  const child = spawn(process.execPath, [tsc, ...options, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
