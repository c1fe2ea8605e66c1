/** One line of the report. The names are stable: outside checks read them. */
export interface Result {
  readonly bench: string
  /** Per round. */
  readonly records: number
  readonly cpuMicrosPerRecord: number
  readonly baselineMicrosPerRecord: number
  /** cpuMicrosPerRecord / baselineMicrosPerRecord */
  readonly ratio: number
  readonly promisesPerRecord?: number
  /** Of the process that ran this bench, behind its last round. */
  readonly rssMiB: number
}

export function result(
  bench: string,
  measured: {
    records: number
    cpu: number
    baseline: number
    promisesPerRecord?: number
    rssMiB?: number
  },
): Result {
  const { records, cpu, baseline, promisesPerRecord, rssMiB = rssMiBNow() } = measured
  return {
    bench,
    records,
    cpuMicrosPerRecord: rounded(cpu),
    baselineMicrosPerRecord: rounded(baseline),
    ratio: rounded(cpu / baseline),
    ...(promisesPerRecord === undefined ? {} : { promisesPerRecord: rounded(promisesPerRecord) }),
    rssMiB: Math.round(rssMiB),
  }
}

export function rssMiBNow(): number {
  return process.memoryUsage.rss() / 2 ** 20
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
