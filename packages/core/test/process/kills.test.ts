// kill -9 at random moments, again and again, on one state directory: nothing that was decided is repeated, nothing is
// lost, order per key holds, and the state is what the rows made of it. Judged afterwards from what is on the disk, not from what a process believed.
import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeRecord } from '../../src/checkpoint/record.ts'
import { embedded, openEmbedded } from '../../src/log/embedded/index.ts'
import { json } from '../../src/serde/json.ts'
import { runProgram, sleep } from './child.ts'
import { readParts } from './part-files.ts'
import { causes, keyOf } from './programs/chain-rows.ts'
import type { ChainRow } from './programs/chain-rows.ts'
import { chance } from './seed.ts'
import { tempDir } from './temp-dir.ts'

const rows = 10_000
const killsMin = 15

describe('kill -9 and restart on the same state directory', function () {
  this.timeout(90_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  before(async () => {
    temp = await tempDir()
  })
  after(() => temp.remove())

  it(`gives every input exactly once, in order per key, over ${killsMin} kills of two chained sub-topologies`, async () => {
    const draw = chance()
    const { seed } = draw
    process.stderr.write(`      seed ${seed} (MILLRACE_SEED=${seed} replays the kills)\n`)
    for (let kills = 0; kills < killsMin; kills++) {
      const child = runProgram('chain', {
        dir: temp.dir,
        rows,
        perSecond: 2_000,
        seed: seed + kills,
      })
      const early = draw.between(0, 5) === 0
      await child.line(early ? 'REBALANCING' : 'RUNNING')
      await sleep(early ? draw.between(0, 30) : draw.between(0, 350))
      child.process.kill('SIGKILL')
      const { signal } = await child.exited
      expect(signal, `it still ran when it was killed: ${child.said()}`).to.equal('SIGKILL')
    }
    const last = runProgram('chain', { dir: temp.dir, rows, seed })
    expect(await last.exited, last.said()).to.deep.equal({ code: 0, signal: null })

    await expectEachOnce(temp.dir)
    expect(
      await rowsRestoredInFlight(temp.dir),
      'rows were in flight at commits, or this run proves less than it says',
    ).to.be.above(100)
    const again = runProgram('chain', { dir: temp.dir, rows, seed })
    expect((await again.line('done')).slice(5)).to.match(/"rows":0,/)
    await expectEachOnce(temp.dir)
  })
})

async function expectEachOnce(dir: string): Promise<void> {
  const numbers = Array.from({ length: rows }, (_, n) => n)
  const poison = numbers.filter((n) => causes.map(n) || causes.call(n) || causes.late(n))
  const good = numbers.filter((n) => !poison.includes(n))

  const parts = (await readParts(`${dir}/out`)) as { key: string; value: ChainRow }[]
  expectRows(parts, good, 'part files')
  const final = await readTopic(dir)
  expectRows(final, good, 'embedded topic')
  for (const { value } of final) expect(value.by).to.deep.equal(['map', 'call', 'second'])

  const letters = (await readParts(`${dir}/dead`)).map(
    ({ value }) => value as { error: string; bytes: string },
  )
  const dead = letters.map(({ error }) => Number(/\d+$/.exec(error)![0])).sort((a, b) => a - b)
  expect(dead, 'dead letters').to.deep.equal(poison)
  for (const { error, bytes } of letters)
    expect(JSON.parse(bytes)).to.have.property('n', Number(/\d+$/.exec(error)![0]))
}

function expectRows(
  found: readonly { key: string | null; value: ChainRow }[],
  good: readonly number[],
  where: string,
): void {
  const all = found.map(({ value }) => value.n).sort((a, b) => a - b)
  expect(all.length, `rows in the ${where}`).to.equal(good.length)
  expect(all, `rows of the ${where}`).to.deep.equal(good)
  const newest = new Map<string, number>()
  const seen = new Map<string, number>()
  for (const { key, value } of found) {
    expect(key).to.equal(keyOf(value.n))
    expect(value.n, `order of ${key} in the ${where}`).to.be.above(newest.get(key!) ?? -1)
    newest.set(key!, value.n)
    seen.set(key!, (seen.get(key!) ?? 0) + 1)
    expect(value.seen, `count of ${key} in the ${where}`).to.equal(seen.get(key!))
  }
}

async function readTopic(dir: string): Promise<{ key: string | null; value: ChainRow }[]> {
  const log = await openEmbedded({ dir })
  const found: { key: string | null; value: ChainRow }[] = []
  for await (const { key, value } of log.read(
    embedded<string, ChainRow>('final', { value: json<ChainRow>() }),
  ))
    found.push({ key, value: value! })
  await log.close()
  return found
}

/** From the commit records: rows that were in flight at a commit and that a later one lists as done. */
async function rowsRestoredInFlight(dir: string): Promise<number> {
  let put = 0
  for (const path of await readdir(`${dir}/checkpoint`, { recursive: true })) {
    if (!path.endsWith('.rec')) continue
    const { deltas } = decodeRecord(await readFile(join(dir, 'checkpoint', path)))
    for (const { store, ops } of deltas)
      if (store.startsWith('inflight/')) put += ops.filter(({ value }) => value !== null).length
  }
  return put
}
