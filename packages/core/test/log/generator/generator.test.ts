import { expect } from 'chai'
import fc from 'fast-check'
import type { Env } from '../../../src/env.ts'
import { realEnv } from '../../../src/env.ts'
import { generator, type GeneratorOptions } from '../../../src/log/generator/index.ts'
import type { SourcePort } from '../../../src/log/source-port.ts'

const never = new AbortController().signal
const make = (index: number) => ({ key: `k${index}`, value: { index }, timestamp: index * 10 })
type Made = { index: number }

async function open(options: Partial<GeneratorOptions<string, Made>>, env: Env = realEnv()) {
  const source = generator<Made, string>({ name: 'g', rows: 10, make, ...options })
  const log = await source.log.open({ env, app: 'a', dir: '.' }, [source])
  return { source, log, port: log.source('g') }
}

/** All rows of one split until its end. */
async function readAll(
  port: SourcePort,
  rowsMax = 3,
): Promise<{ indices: number[]; positions: string[]; ends: number }> {
  const read = { indices: [] as number[], positions: [] as string[], ends: 0 }
  while (read.ends === 0) {
    const batch = port.poll(rowsMax)
    if (batch === undefined) await port.ready(never)
    for (let row = 0; row < (batch?.length ?? 0); row++) {
      read.indices.push((batch!.value(row) as Made).index)
      read.positions.push(batch!.position(row))
    }
    if (batch?.end === true) read.ends++
  }
  return read
}

/** Time that moves when the test says so. */
function handEnv(): { env: Env; readonly pass: (ms: number) => void } {
  let now = 0
  let timers: { at: number; fn: () => void }[] = []
  const real = realEnv()
  const env: Env = {
    ...real,
    clock: { now: () => now, monotonic: () => now },
    timers: {
      ...real.timers,
      after: (ms, fn) => {
        const timer = { at: now + ms, fn }
        timers.push(timer)
        return () => (timers = timers.filter((other) => other !== timer))
      },
    },
  }
  return {
    env,
    pass: (ms) => {
      now += ms
      const due = timers.filter((timer) => timer.at <= now)
      timers = timers.filter((timer) => timer.at > now)
      for (const timer of due) timer.fn()
    },
  }
}

describe('generator', () => {
  it('gives rows with values, keys and times, and ends', async () => {
    const { source, log, port } = await open({ rows: 2 })
    expect(source).to.deep.include({
      kind: 'millrace.source',
      name: 'g',
      topic: 'g',
      bounded: true,
    })
    const [split] = await log.admin.splits('g')
    await port.open(split!, 'earliest')
    const batch = port.poll(10)!
    expect([batch.key(1), batch.value(1), batch.timestamp(1), batch.position(1)]).to.deep.equal([
      'k1',
      { index: 1 },
      10,
      '2',
    ])
    expect([batch.end, batch.next]).to.deep.equal([true, '2'])
    expect(port.poll(10)).to.equal(undefined)
    expect(port.caughtUp(split!.id)).to.equal(true)
    expect(source.value.decode(batch.value(1) as never)).to.equal(batch.value(1))
  })

  it('gives exactly the rest from any position, over any splits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(25),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (rows, splits, rowsMax) => {
          const { log } = await open({ rows, splits })
          const seen: number[] = []
          for (const split of await log.admin.splits('g')) {
            const port = log.source('g')
            await port.open(split, 'earliest')
            const { indices, positions } = await readAll(port, rowsMax)
            seen.push(...indices)
            for (const [i, position] of positions.entries()) {
              const again = log.source('g')
              await again.open(split, { after: position })
              expect((await readAll(again, rowsMax)).indices).to.deep.equal(indices.slice(i + 1))
            }
          }
          expect(seen.sort((a, b) => a - b)).to.deep.equal(
            Array.from({ length: rows }, (_, i) => i),
          )
        },
      ),
      { numRuns: 50 },
    )
  })

  it('keeps the pace over all splits, and wakes when the next row is due', async () => {
    const { env, pass } = handEnv()
    const { port } = await open({ rows: 100, splits: 2, perSecond: 10 }, env)
    for (const partition of [0, 1])
      await port.open({ id: `g:${partition}`, topic: 'g', partition }, 'earliest')
    expect(port.poll(100)).to.equal(undefined)
    await port.ready(never)
    let woken = false
    const waits = port.ready(never).then(() => (woken = true))
    pass(199)
    await Promise.resolve()
    expect(woken).to.equal(false)
    pass(1)
    await waits
    pass(800)
    let rows = 0
    for (let batch = port.poll(100); batch !== undefined; batch = port.poll(100))
      rows += batch.length
    expect(rows).to.equal(10)
    expect(port.caughtUp('g:0')).to.equal(false)
    expect(port.lag('g:0')).to.equal(45)
  })

  it('never ends without a number of rows', async () => {
    const { source, port } = await open({ rows: Infinity })
    expect(source.bounded).to.equal(false)
    await port.open({ id: 'g:0', topic: 'g', partition: 0 }, { after: '1000000' })
    const batch = port.poll(5)!
    expect([batch.length, batch.end, batch.next]).to.deep.equal([5, false, '1000005'])
    expect([port.caughtUp('g:0'), port.lag('g:0')]).to.deep.equal([false, undefined])
  })

  it('keeps a paused split, and refuses positions of another number of splits', async () => {
    const { port } = await open({ splits: 2 })
    const split = { id: 'g:1', topic: 'g', partition: 1 }
    await port.open(split, 'earliest')
    port.pause('g:1', true)
    expect(port.poll(10)).to.equal(undefined)
    port.pause('g:1', false)
    expect(port.poll(10)!.length).to.equal(5)
    const failed = await port
      .open(split, { after: '4' })
      .catch((error: { code: string }) => error.code)
    expect(failed).to.equal('MILLRACE_POSITION_GONE')
  })

  it('refuses options that make no sense', () => {
    expect(() => generator({ name: 'g', rows: -1, make })).to.throw('rows is -1')
    expect(() => generator({ name: 'g', rows: 1, splits: 0, make })).to.throw('splits is 0')
    expect(() => generator({ name: 'g', rows: 1, perSecond: 0, make })).to.throw('perSecond is 0')
  })
})
