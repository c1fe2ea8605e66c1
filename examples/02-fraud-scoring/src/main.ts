/** `npm start`: runs the pipeline until everything is scored, and says what came of it. See README.md for the flags. */
import { rmSync } from 'node:fs'
import { isMillraceError, realEnv } from '@millrace/core'
import { fillAccounts } from './accounts.ts'
import { Activity } from './activity/activity.ts'
import { UsageError, parseOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { app } from './pipeline.ts'
import { Progress } from './progress.ts'
import { openRun } from './run-folders.ts'
import { count, summaryOf, toJson, toTable } from './summary.ts'

await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<void> {
  try {
    const options = parseOptions(args)
    if (options === 'help') process.stdout.write(`${usage}\n`)
    else await run(options)
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1
    const message =
      error instanceof UsageError || isMillraceError(error)
        ? error.message
        : error instanceof Error
          ? error.stack
          : String(error)
    process.stderr.write(`${message}\n${error instanceof UsageError ? `${usage}\n` : ''}`)
  }
}

async function run(options: Options): Promise<void> {
  const run = openRun(options)
  const progress = new Progress()
  const fraud = app({ ...run, env: realEnv({ log: progress.log }) })
  progress.say(`scoring ${count(run.records)} rows of seed ${run.seed} into ${run.out}`)
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  await fillAccounts(run.state, new Activity({ seed: run.seed }).world)
  progress.start(fraud)
  let report
  try {
    report = await fraud.run({ until: 'caught-up' })
  } catch (error) {
    if (run.temporary) progress.say(`the state is kept in ${run.state}`)
    throw error
  } finally {
    progress.stop()
  }
  const cpu = process.cpuUsage(cpuBefore)
  const summary = summaryOf(report)
  const seconds = Math.round(performance.now() - startedMs) / 1_000
  const cpuMicros = summary.records === 0 ? 0 : (cpu.user + cpu.system) / summary.records
  const cost = { seconds, cpuMicrosPerRecord: Math.round(cpuMicros * 100) / 100 }
  if (run.temporary) rmSync(run.state, { recursive: true, force: true })
  process.stdout.write(
    options.json ? `${toJson(summary, cost, run.out)}\n` : toTable(summary, cost, run),
  )
}
