// What the embedded log does beyond the suite: prefetch from disk and memory, opening by specs,
// throughput.
import { expect } from 'chai'
import { realEnv } from '../../../src/env.ts'
import { embedded, openEmbedded } from '../../../src/log/embedded/index.ts'
import { EmbeddedLog } from '../../../src/log/embedded/log.ts'
import type { Batch } from '../../../src/log/source-port.ts'
import { string } from '../../../src/serde/string.ts'
import { tempDir } from '../temp-dir.ts'
import { errorOf, four, one, textRows, valuesIn } from './rows.ts'

const never = new AbortController().signal

describe('reading the embedded log', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  beforeEach(async () => {
    temp = await tempDir()
  })
  afterEach(() => temp.remove())

  it('makes the topics of all sources of the system when the spec is opened', async () => {
    const other = embedded('other', { value: string() })
    const log = await four.log.open({ env: realEnv(), app: 'a', dir: temp.dir }, [four, other])
    expect((await log.admin.splits('four')).map(({ id }) => id)).to.deep.equal([
      'four:0',
      'four:1',
      'four:2',
      'four:3',
    ])
    expect((await log.admin.splits('other')).length).to.equal(4)
    const unequal = embedded('other', { value: string(), partitions: 2 })
    expect(
      (
        await errorOf(() =>
          unequal.log.open({ env: realEnv(), app: 'a', dir: temp.dir }, [unequal]),
        )
      ).code,
    ).to.equal('MILLRACE_CONFIG')
    await log.close()
    expect(await (await openEmbedded({ dir: temp.dir })).close()).to.equal(undefined)
  })

  it('fails a waiting reader when the log is closed under it', async () => {
    const log = await EmbeddedLog.open({ dir: temp.dir })
    await log.admin.ensure('one', 1)
    const port = log.source('one')
    await port.open({ id: 'one:0', topic: 'one', partition: 0 }, 'earliest')
    await port.ready(never)
    const waits = errorOf(() => port.ready(never))
    await log.close()
    expect((await waits).code).to.equal('MILLRACE_LOG_CLOSED')
  })

  it('appends and reads 100,000 rows at a few microseconds each', async function () {
    this.timeout(60_000)
    const rows = 100_000
    const producer = await openEmbedded({ dir: temp.dir })
    const cpuUs = (): number => process.cpuUsage().user + process.cpuUsage().system
    const append = cpuUs()
    for (let from = 0; from < rows; from += 500) await producer.append(one, textRows(500, from))
    const appendUs = (cpuUs() - append) / rows
    const log = await EmbeddedLog.open({ dir: temp.dir })
    const port = log.source('one')
    const read = cpuUs()
    await port.open({ id: 'one:0', topic: 'one', partition: 0 }, 'earliest')
    let count = 0
    let bytes = 0
    while (!port.caughtUp('one:0')) {
      const batch = port.poll(1_000) as Batch<Uint8Array> | undefined
      if (batch === undefined) await port.ready(never)
      for (let row = 0; row < (batch?.length ?? 0); row++) {
        bytes += batch!.value(row)!.length + batch!.key(row)!.length
        count++
      }
    }
    const readUs = (cpuUs() - read) / rows
    expect(count).to.equal(rows)
    expect(bytes).to.be.above(rows * 4)
    // Many times what it takes: this finds accidents, benches find the rest.
    expect(appendUs, 'us of CPU per appended row').to.be.below(40)
    expect(readUs, 'us of CPU per row read').to.be.below(20)
    if (process.env['MILLRACE_FIGURES'] !== undefined) console.log({ appendUs, readUs })
    expect((await valuesIn(producer, one)).length).to.equal(rows)
    await log.close()
    await producer.close()
  })
})
