/** The command line of the example, checked. */
import { parseArgs } from 'node:util'
import { rowsMax } from './activity/rules.ts'

export interface Options {
  /** Rows of the whole stream; undefined: what the state was made with, else the default. */
  readonly records: number | undefined
  readonly seed: number | undefined
  readonly out: string | undefined
  readonly state: string | undefined
  readonly json: boolean
}

export const recordsDefault = 100_000
export const seedDefault = 42

export const usage = `usage: npm start -- [--records N] [--seed S] [--out DIR] [--state DIR] [--json]
  --records N   rows in the stream of activity, up to ${rowsMax} (default ${recordsDefault})
  --seed S      whole number that all rows follow from (default ${seedDefault})
  --out DIR     where the files go (default: a new folder under out/fraud)
  --state DIR   log and checkpoint; a later run with the same DIR goes on where this one stops
                (default: a temporary folder that is removed at the end)
  --json        one line of JSON on stdout instead of the summary`

/** What the user got wrong: shown with the usage, exit code 2. */
export class UsageError extends Error {}

export function parseOptions(args: readonly string[]): Options | 'help' {
  let values
  try {
    ;({ values } = parseArgs({
      args: [...args],
      options: {
        records: { type: 'string' },
        seed: { type: 'string' },
        out: { type: 'string' },
        state: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }))
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
  if (values.help) return 'help'
  return {
    records: wholeNumber('--records', values.records, rowsMax),
    seed: wholeNumber('--seed', values.seed, Number.MAX_SAFE_INTEGER),
    out: folder('--out', values.out),
    state: folder('--state', values.state),
    json: values.json,
  }
}

function wholeNumber(flag: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(value <= max))
    throw new UsageError(`${flag} is '${text}': give a whole number from 0 to ${max}`)
  return value
}

function folder(flag: string, text: string | undefined): string | undefined {
  if (text === '') throw new UsageError(`${flag} is empty: give the path of a folder`)
  return text
}
