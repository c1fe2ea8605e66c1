// Runs random histories against their oracles: a fixed number in the test run, as many as wanted by command. A history is a function
// of its seed, so a failing one is replayed by its number.
export type Histories = Readonly<Record<string, (seed: number) => void>>

/** Histories of one property in the test run; `npm run properties` runs more. */
const runsDefault = 500

export interface Failure {
  readonly name: string
  readonly seed: number
  readonly error: unknown
}

/** The first seed of [first, first + runs) whose history fails. */
export function firstFailure(
  name: string,
  history: (seed: number) => void,
  first: number,
  runs: number,
): Failure | undefined {
  for (let seed = first; seed < first + runs; seed++) {
    try {
      history(seed)
    } catch (error) {
      return { name, seed, error }
    }
  }
  return undefined
}

export function replayOf({ name, seed }: Failure): string {
  return `npm run properties -- ${name} --runs 1 --seed ${seed}`
}

/** One test a property, from a random seed unless MILLRACE_SEED is set. */
export function checkHistories(histories: Histories, runs: number = runsDefault): void {
  const seed = Number(process.env.MILLRACE_SEED ?? Math.floor(Math.random() * 1e9))
  for (const [name, history] of Object.entries(histories))
    it(`${name}: ${runs} histories from seed ${seed} agree with the oracle`, function () {
      this.timeout(120_000)
      const failure = firstFailure(name, history, seed, runs)
      if (failure === undefined) return
      if (failure.error instanceof Error)
        failure.error.message = `${replayOf(failure)}\n${failure.error.message}`
      throw failure.error
    })
}
