/**
 * The programs of the bench. Each runs in a process of its own, so that what V8 learned from one does not colour the next, and
 * prints one or several rows: those that must be compared within one run come from one program.
 */
import { calibrate } from './calibration.ts'
import { cpuMicrosOf, median } from './cpu.ts'
import { filter, map } from './operators.ts'
import { passThrough1, passThrough8 } from './pass-through.ts'
import { result } from './result.ts'
import type { Result } from './result.ts'
import { measure } from './rounds.ts'
import { statePrograms } from './state-programs.ts'
import { windowPrograms } from './window-programs.ts'
import type { Workload } from './workload.ts'

export interface Program {
  /** The rows it prints, in this order. */
  readonly benches: readonly string[]
  run(): Promise<readonly Result[]>
}

export const programs: readonly Program[] = [
  { benches: ['calibration'], run: calibration },
  program('pass-through-1', passThrough1),
  program('pass-through-8', passThrough8),
  program('map', map),
  program('filter', filter),
  ...statePrograms,
  ...windowPrograms,
]

function program(bench: string, workload: Workload): Program {
  const benches = workload.awaited === undefined ? [bench] : [bench, `${bench}-awaited`]
  return { benches, run: () => compared(bench, workload) }
}

async function compared(bench: string, workload: Workload): Promise<readonly Result[]> {
  const { records, engine, bare, awaited, promisesPerRecord, awaitedPromisesPerRecord, rssMiB } =
    await measure(workload)
  const ours = result(bench, { records, cpu: engine, baseline: bare, promisesPerRecord, rssMiB })
  if (awaited === undefined || awaitedPromisesPerRecord === undefined) return [ours]
  const naive = {
    records,
    cpu: awaited,
    baseline: bare,
    promisesPerRecord: awaitedPromisesPerRecord,
  }
  return [ours, result(`${bench}-awaited`, naive)]
}

/** It is its own baseline. */
async function calibration(): Promise<readonly Result[]> {
  const rounds: number[] = []
  let records = 0
  for (let round = 0; round < 3; round++)
    rounds.push(await cpuMicrosOf(() => void (records = calibrate())))
  const cpu = median(rounds) / records
  return [result('calibration', { records, cpu, baseline: cpu })]
}
