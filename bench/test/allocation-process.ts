// Bytes of heap per row, through one operator and through eight. Run with --expose-gc and a young generation that holds a whole
// run, so that nothing is collected in between.
import { Checksum } from '../src/checksum.ts'
import { makeMegamorphic } from '../src/megamorphic.ts'
import { passThrough1, passThrough8 } from '../src/pass-through.ts'
import { makeRows } from '../src/rows.ts'
import { runApp } from '../src/run-app.ts'
import type { Workload } from '../src/workload.ts'

const warmUps = 6
const rows = makeRows(200_000)

async function bytesPerRow(workload: Workload): Promise<number> {
  const run = (): Promise<unknown> =>
    runApp({ rows, every: '1h', build: (stream) => workload.build(stream, new Checksum()) })
  for (let i = 0; i < warmUps; i++) await run()
  // The collector may come in between after all, which shows as less than was allocated: the median of five runs it spares.
  const measured: number[] = []
  for (let i = 0; i < 5; i++) {
    globalThis.gc!()
    const before = process.memoryUsage().heapUsed
    await run()
    measured.push((process.memoryUsage().heapUsed - before) / rows.length)
  }
  return measured.sort((a, b) => a - b)[2]!
}

await makeMegamorphic()
const one = await bytesPerRow(passThrough1)
const eight = await bytesPerRow(passThrough8)
process.stdout.write(`${JSON.stringify({ one, eight })}\n`)
