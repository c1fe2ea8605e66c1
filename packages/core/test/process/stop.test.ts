// How a process that runs an app ends: on SIGTERM it finishes what is in flight and exits 0, and its successor does nothing
// again; a second one, the deadline and an uncaught error end it at once, without half a commit.
import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { embedded, openEmbedded } from '../../src/log/embedded/index.ts'
import { json } from '../../src/serde/json.ts'
import { runProgram, sleep } from './child.ts'
import type { Child } from './child.ts'
import { readParts } from './part-files.ts'
import { tempDir } from './temp-dir.ts'

const rows = 2_000

describe('the end of a process', function () {
  this.timeout(30_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  let children: Child[] = []
  beforeEach(async () => {
    temp = await tempDir()
    const log = await openEmbedded({ dir: temp.dir })
    const orders = embedded<string, { n: number }>('orders', {
      value: json<{ n: number }>(),
      partitions: 1,
    })
    await log.append(
      orders,
      Array.from({ length: rows }, (_, n) => ({ key: 'k', value: { n } })),
    )
    await log.close()
  })
  afterEach(async () => {
    for (const child of children) child.process.kill('SIGKILL')
    await Promise.all(children.map(({ exited }) => exited))
    children = []
    await temp.remove()
  })

  function run(more: object): Child {
    const child = runProgram('slow-async', {
      dir: temp.dir,
      delayMs: 5,
      capacity: 50,
      stopWithin: '10000ms',
      ...more,
    })
    children.push(child)
    return child
  }
  async function calls(): Promise<number[]> {
    return (await readFile(`${temp.dir}/calls`, 'utf8')).trimEnd().split('\n').map(Number)
  }
  async function out(): Promise<number[]> {
    return (await readParts(`${temp.dir}/out`)).map(({ value }) => (value as { n: number }).n)
  }
  const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

  it('finishes rows in flight on SIGTERM, takes no further one, exits 0, and its successor calls for none of them again', async () => {
    const child = run({ delayMs: 60, capacity: 20 })
    await child.line('answered')
    await sleep(100)
    const told = Date.now()
    child.process.kill('SIGTERM')
    expect(await child.exited, child.said()).to.deep.equal({ code: 0, signal: null })
    expect(Date.now() - told, 'it takes no further row: 2,000 rows take 6 s').to.be.below(1_500)
    expect(child.lines.slice(-3, -1)).to.deep.equal(['PENDING_SHUTDOWN', 'NOT_RUNNING'])
    expect(child.said()).to.contain('SIGTERM')
    const before = (await calls()).length
    expect(await out(), 'every call that was made is published').to.deep.equal(all(before))

    const next = run({ until: 'caught-up', delayMs: 0, capacity: 200 })
    expect((await next.exited).code, next.said()).to.equal(0)
    expect(await calls(), 'each row was asked for once').to.deep.equal(all(rows))
    expect(await out()).to.deep.equal(all(rows))
    expect(next.lines.at(-1)).to.equal(`done {"rows":${rows - before}}`)
  })

  it('leaves what is in flight at the deadline to its successor, which asks for those rows only', async () => {
    const child = run({ silent: 30, capacity: 10, stopWithin: '300ms' })
    await child.line('answered')
    await sleep(200)
    child.process.kill('SIGTERM')
    expect((await child.exited).code, child.said()).to.equal(0)
    expect(await out()).to.deep.equal(all(30))
    const before = await calls()
    const next = run({ until: 'caught-up', delayMs: 0, capacity: 200 })
    expect((await next.exited).code, next.said()).to.equal(0)
    expect((await calls()).slice(before.length)).to.deep.equal(all(rows).slice(30))
    expect(await out()).to.deep.equal(all(rows))
  })

  it('exits 1 at the deadline when a sink never answers, and the successor publishes what was decided', async () => {
    const child = run({ stuck: true, stopWithin: '300ms' })
    await child.line('answered')
    await sleep(150)
    const told = Date.now()
    child.process.kill('SIGTERM')
    expect((await child.exited).code, child.said()).to.equal(1)
    expect(Date.now() - told).to.be.below(3_500)
    const next = run({ until: 'caught-up', delayMs: 0, capacity: 200 })
    expect((await next.exited).code, next.said()).to.equal(0)
    expect(await out()).to.deep.equal(all(rows))
  })

  it('exits 1 at once on a second SIGTERM, without a final commit', async () => {
    const child = run({ silent: 30, capacity: 10 })
    await child.line('answered')
    await sleep(150)
    child.process.kill('SIGTERM')
    await child.line('PENDING_SHUTDOWN')
    const told = Date.now()
    child.process.kill('SIGTERM')
    expect(await child.exited).to.deep.equal({ code: 1, signal: null })
    expect(Date.now() - told).to.be.below(500)
    expect(child.said()).to.contain('second SIGTERM')
    const next = run({ until: 'caught-up', delayMs: 0, capacity: 200 })
    expect((await next.exited).code, next.said()).to.equal(0)
    expect(await out()).to.deep.equal(all(rows))
  })

  it('exits 70 on an uncaught error of the user, commits nothing more, and its successor goes on', async () => {
    const child = run({ throwsAfterMs: 80 })
    expect((await child.exited).code, child.said()).to.equal(70)
    expect(child.said()).to.contain('a timer of the user threw')
    expect(child.lines, 'no graceful end').not.to.include('PENDING_SHUTDOWN')
    const next = run({ until: 'caught-up', delayMs: 0, capacity: 200 })
    expect((await next.exited).code, next.said()).to.equal(0)
    expect(await out()).to.deep.equal(all(rows))
  })

  it('refuses a second process on the same state directory within 5 s, while the first goes on unharmed', async () => {
    const first = run({ delayMs: 20, capacity: 10 })
    await first.line('answered')
    const begun = Date.now()
    const second = run({ until: 'caught-up', delayMs: 0 })
    const { code } = await second.exited
    expect(Date.now() - begun).to.be.below(5_000)
    expect(code).to.equal(1)
    expect(second.said())
      .to.contain('MILLRACE_DIRECTORY_LOCKED')
      .and.to.contain(`process ${first.process.pid}`)
    expect(second.said()).to.contain(temp.dir).and.to.contain('stop that process')
    expect(second.lines).to.deep.equal(['REBALANCING', 'PENDING_ERROR', 'ERROR'])
    first.process.kill('SIGTERM')
    expect((await first.exited).code, first.said()).to.equal(0)
    expect(await out()).to.deep.equal(all((await calls()).length))
  })
})
