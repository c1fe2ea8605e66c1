// The eight operators through the engine, through the bare loop and through awaited functions, a few short rounds in one process.
import { passThrough8 } from '../src/pass-through.ts'
import { measure } from '../src/rounds.ts'

const measured = await measure(passThrough8, { records: 300_000, rounds: 11, warmUp: 3 })
process.stdout.write(`${JSON.stringify(measured)}\n`)
