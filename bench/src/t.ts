import { makeRows } from './rows.ts'
import { runApp } from './run-app.ts'
import { Checksum } from './checksum.ts'
import { makeMegamorphic } from './megamorphic.ts'
import { passThrough8 as w, passThrough1 as w1 } from './pass-through.ts'
import { cpuMicrosOf } from './cpu.ts'
const mode = process.argv[2]
if (mode !== 'mono') await makeMegamorphic()
const N = 500_000
const rows = makeRows(N)
for (let i = 0; i < 8; i++) {
  const c = new Checksum(),
    b = new Checksum(),
    a = new Checksum(),
    o = new Checksum()
  const e = await cpuMicrosOf(() => runApp({ rows, build: (s) => w.build(s, c) }))
  const e1 = await cpuMicrosOf(() => runApp({ rows, build: (s) => w1.build(s, o) }))
  const bb = await cpuMicrosOf(() => w.bare(rows, b))
  const aa = mode === 'prof' ? 0 : await cpuMicrosOf(() => w.awaited!(rows, a))
  console.log(
    '8:',
    (e / N).toFixed(3),
    '1:',
    (e1 / N).toFixed(3),
    'bare',
    (bb / N).toFixed(3),
    'awaited',
    (aa / N).toFixed(3),
    c.text === b.text,
  )
}
