/**
 * `npm run parity -- DIR [--store level|memory] [--batch 1|all|random] [--seed S] [--restore] [--drain N]`: runs every case of every
 * `*.json` in DIR. A line per case that fails, then the sums; exit code 1 if one failed.
 */
import { parseArgs } from 'node:util'
import { readCases } from './case.ts'
import { checkCase } from './check-case.ts'
import { errorText } from './compare.ts'
import type { Mode } from './run/modes.ts'
import { openStores } from './run/stores.ts'

const usage =
  'npm run parity -- DIR [--store level|memory] [--batch 1|all|random] [--seed S] [--restore] [--drain N] [--verbose]\n'

try {
  const { dir, mode, verbose } = readArguments()
  process.exitCode = await run(dir, mode, verbose)
} catch (error) {
  process.stderr.write(`${errorText(error)}\n${usage}`)
  process.exitCode = 2
}

async function run(dir: string, mode: Mode, verbose: boolean): Promise<number> {
  const sums = { passed: 0, failed: 0, skipped: 0 }
  const stores = await openStores(mode.store)
  try {
    for (const file of readCases(dir)) {
      if ('problem' in file) {
        sums.failed++
        process.stdout.write(`FAILED ${file.name}: ${file.problem}\n`)
        continue
      }
      for (const test of file.cases) {
        const verdict = await checkCase(test, mode, stores)
        sums[verdict.kind]++
        if (verdict.kind === 'failed')
          process.stdout.write(`FAILED ${test.name}: ${verdict.because}\n`)
        if (verdict.kind === 'skipped' && verbose)
          process.stdout.write(`skipped ${test.name}: ${verdict.because}\n`)
      }
    }
  } finally {
    await stores.close()
  }
  process.stdout.write(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped\n`)
  return sums.failed === 0 ? 0 : 1
}

function readArguments(): { dir: string; mode: Mode; verbose: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      store: { type: 'string', default: 'memory' },
      batch: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      restore: { type: 'boolean', default: false },
      drain: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  })
  const [dir, ...more] = positionals
  if (dir === undefined || more.length > 0) throw new Error('name one directory of cases')
  return {
    dir,
    verbose: values.verbose,
    mode: {
      store: oneOf('store', values.store, ['memory', 'level']),
      batch: oneOf('batch', values.batch === '1' ? 'one' : values.batch, ['one', 'all', 'random']),
      seed: whole('seed', values.seed, 0),
      restore: values.restore,
      drain: values.drain === undefined ? undefined : whole('drain', values.drain, 1),
    },
  }
}

function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T
  throw new Error(`--${name} is ${value}`)
}

function whole(name: string, value: string, least: number): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`--${name} is ${value}`)
}
