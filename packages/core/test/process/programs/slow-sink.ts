// A source that is as fast as it is taken, a sink ten times slower. Prints what is made and not published yet and the memory
// of the process, ten times a second.
import { createApp, generator } from '@millrace/core'
import { fs } from '@millrace/core/fs'
import { partFiles } from '../part-files.ts'

const { dir, rows, rowsMax, publishMs, payload } = JSON.parse(process.argv[2]!) as {
  dir: string
  rows: number
  rowsMax: number
  publishMs: number
  payload: number
}
let made = 0
let published = 0
const text = 'x'.repeat(payload)
const app = createApp({
  id: 'slow-sink',
  dir,
  checkpoint: fs(`${dir}/checkpoint`, { every: '100ms' }),
})
app
  .stream(
    generator<{ n: number; text: string }>({
      name: 'made',
      rows,
      make: (n) => ({ value: { n: (made = n), text }, timestamp: n }),
    }),
  )
  .to(
    partFiles(`${dir}/out`, {
      rowsMax,
      publishing: async (_, section) => {
        await new Promise((resolve) => setTimeout(resolve, publishMs))
        published += section.rows
      },
    }),
  )
const sample = setInterval(
  () =>
    process.stdout.write(
      `sample ${JSON.stringify({ rss: process.memoryUsage.rss(), waiting: made - published, made })}\n`,
    ),
  100,
)
const report = await app.run({ until: 'caught-up' })
clearInterval(sample)
process.stdout.write(`done ${JSON.stringify({ rows: report.rows, published: report.published })}\n`)
