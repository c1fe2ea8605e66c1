// Everything is bounded (law 7): behind a sink ten times slower than the source the source waits, and memory stays flat.
import { expect } from 'chai'
import { runProgram } from './child.ts'
import { tempDir } from './temp-dir.ts'

interface Sample {
  readonly rss: number
  readonly waiting: number
  readonly made: number
}

const mebibyte = 1024 * 1024

describe('memory behind a slow sink', function () {
  this.timeout(60_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  beforeEach(async () => {
    temp = await tempDir()
  })
  afterEach(() => temp.remove())

  it('stays flat: the source is paused, and everything arrives in the end', async () => {
    const rows = 200_000
    const child = runProgram(
      'slow-sink',
      { dir: temp.dir, rows, rowsMax: 2_000, publishMs: 50, payload: 20 },
      { nodeArgs: ['--max-old-space-size=64'] },
    )
    expect((await child.exited).code, child.said()).to.equal(0)
    expect(child.lines.at(-1)).to.equal(`done {"rows":${rows},"published":${rows}}`)
    expectFlat(child.lines, { rows, waitingMax: 2_000 * 70 })
  })

  it('stays flat for large rows as well: what waits for a sink is bounded in bytes', async () => {
    const rows = 80_000
    const child = runProgram(
      'slow-sink',
      { dir: temp.dir, rows, rowsMax: 2_000, publishMs: 100, payload: 1_000 },
      { nodeArgs: ['--max-old-space-size=64'] },
    )
    expect((await child.exited).code, child.said()).to.equal(0)
    expect(child.lines.at(-1)).to.equal(`done {"rows":${rows},"published":${rows}}`)
    expectFlat(child.lines, { rows, waitingMax: 26_000 })
  })
})

function expectFlat(
  lines: readonly string[],
  { rows, waitingMax }: { readonly rows: number; readonly waitingMax: number },
): void {
  const samples = lines
    .filter((line) => line.startsWith('sample'))
    .map((line) => JSON.parse(line.slice(7)) as Sample)
    .filter(({ made }) => made > 0)
  expect(samples.length, 'samples').to.be.above(15)
  const waiting = Math.max(...samples.map((sample) => sample.waiting))
  expect(waiting, `rows made and not published, of ${rows}`).to.be.at.most(waitingMax)
  const third = Math.floor(samples.length / 3)
  const mean = (part: readonly Sample[]): number =>
    part.reduce((sum, { rss }) => sum + rss, 0) / part.length / mebibyte
  const growth = mean(samples.slice(-third)) - mean(samples.slice(0, third))
  expect(growth, 'MiB between the first and the last third').to.be.below(48)
}
