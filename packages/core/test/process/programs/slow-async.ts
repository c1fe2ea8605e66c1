// Rows of an embedded topic through a slow asynchronous step into part files; counts its calls, so that a restart can be
// asked what it did again. Runs until it is stopped.
import { appendFileSync } from 'node:fs'
import { createApp, embedded, json } from '@millrace/core'
import { fs } from '@millrace/core/fs'
import { partFiles } from '../part-files.ts'

interface Args {
  readonly dir: string
  readonly delayMs: number
  readonly capacity: number
  readonly stopWithin: `${number}ms`
  readonly until?: 'caught-up'
  /** The answer to row n comes never. */
  readonly silent?: number
  /** Throws from a timer of its own, so many ms after the first answer. */
  readonly throwsAfterMs?: number
  /** The sink never answers. */
  readonly stuck?: boolean
}

const { dir, delayMs, capacity, stopWithin, until, silent, throwsAfterMs, stuck } = JSON.parse(
  process.argv[2]!,
) as Args
const orders = embedded<string, { n: number }>('orders', {
  value: json<{ n: number }>(),
  partitions: 1,
  dir,
})
const app = createApp({ id: 'slow', dir, checkpoint: fs(`${dir}/checkpoint`, { every: '20ms' }) })
let answers = 0
app
  .stream(orders)
  .mapValuesAsync(
    async (row) => {
      appendFileSync(`${dir}/calls`, `${row.n}\n`)
      if (row.n === silent) await new Promise(() => {})
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      if (answers++ === 0) {
        process.stdout.write('answered\n')
        if (throwsAfterMs !== undefined)
          setTimeout(() => {
            throw new Error('a timer of the user threw')
          }, throwsAfterMs)
      }
      return row
    },
    { name: 'slow', capacity, timeout: '60s' },
  )
  .to(partFiles(`${dir}/out`, stuck === true ? { publishing: () => new Promise(() => {}) } : {}))
app.onStateChange((state) => process.stdout.write(`${state}\n`))
const report = await app.run({ stopWithin, ...(until === undefined ? {} : { until }) })
process.stdout.write(`done ${JSON.stringify({ rows: report.rows })}\n`)
