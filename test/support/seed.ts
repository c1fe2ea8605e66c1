// Loaded before every test run: MILLRACE_SEED=N makes each property test draw from seed N, which is
// how the command printed under a failed random test replays it.
import { configureGlobal } from 'fast-check'

const seed = process.env['MILLRACE_SEED']
if (seed !== undefined) configureGlobal({ seed: Number(seed) })
