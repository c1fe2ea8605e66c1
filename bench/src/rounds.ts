/**
 * Measures a workload in this process: engine, bare loop and, where there is one, awaited loop, one after the other in each
 * round, so that a neighbour's load falls on all three. Medians over the rounds; the first rounds warm up and do not count.
 */
import { Checksum } from './checksum.ts'
import { cpuMicrosOf, median } from './cpu.ts'
import { makeMegamorphic } from './megamorphic.ts'
import { promisesDuring } from './promises.ts'
import { rssMiBNow } from './result.ts'
import { makeRows } from './rows.ts'
import { runApp } from './run-app.ts'
import type { Workload } from './workload.ts'

export interface Measured {
  readonly records: number
  /** Medians, in microseconds of CPU per record. */
  readonly engine: number
  readonly bare: number
  readonly awaited: number | undefined
  /** Median over the rounds of awaited / engine: both of a round met the same load. */
  readonly timesAwaited: number | undefined
  readonly promisesPerRecord: number
  readonly awaitedPromisesPerRecord: number | undefined
  readonly rssMiB: number
}

export interface RoundOptions {
  readonly records: number
  readonly rounds: number
  readonly warmUp: number
}

/** What a round lasts is some tenths of a second: long against the start of an app (2 ms), short against a neighbour's load. */
export const defaultRounds: RoundOptions = { records: 600_000, rounds: 15, warmUp: 3 }

/** The hook makes each promise dear, and the count does not need many rows. */
const rowsForPromises = 50_000

export async function measure(
  workload: Workload,
  options: RoundOptions = defaultRounds,
): Promise<Measured> {
  await makeMegamorphic()
  const rows = makeRows(options.records)
  const engine: number[] = []
  const bare: number[] = []
  const awaited: number[] = []
  let rssMiB = 0
  for (let round = -options.warmUp; round < options.rounds; round++) {
    const ours = new Checksum()
    const engineMicros = await cpuMicrosOf(() =>
      runApp({ rows, build: (stream) => workload.build(stream, ours) }),
    )
    rssMiB = rssMiBNow()
    const theirs = new Checksum()
    const bareMicros = await cpuMicrosOf(() => workload.bare(rows, theirs))
    checkSame(theirs, ours)
    const naive = new Checksum()
    const awaitedMicros = await cpuMicrosOf(() => workload.awaited?.(rows, naive))
    if (workload.awaited !== undefined) checkSame(theirs, naive)
    if (round < 0) continue
    engine.push(engineMicros / rows.length)
    bare.push(bareMicros / rows.length)
    awaited.push(awaitedMicros / rows.length)
  }
  const few = rows.slice(0, rowsForPromises)
  const promises = await promisesDuring(() =>
    runApp({ rows: few, build: (stream) => workload.build(stream, new Checksum()) }),
  )
  const naivePromises = await promisesDuring(() => workload.awaited?.(few, new Checksum()))
  const hasAwaited = workload.awaited !== undefined
  return {
    records: rows.length,
    engine: median(engine),
    bare: median(bare),
    awaited: hasAwaited ? median(awaited) : undefined,
    timesAwaited: hasAwaited ? median(awaited.map((micros, i) => micros / engine[i]!)) : undefined,
    promisesPerRecord: promises / few.length,
    awaitedPromisesPerRecord: hasAwaited ? naivePromises / few.length : undefined,
    rssMiB,
  }
}

/** A bench whose ends differ has no result. */
function checkSame(expected: Checksum, actual: Checksum): void {
  if (expected.text !== actual.text)
    throw new Error(`the results differ: ${actual.text}, and the bare loop has ${expected.text}`)
}
