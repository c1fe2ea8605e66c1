import { expect } from 'chai'
import fc from 'fast-check'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { partitionOf } from '../../../src/hash.ts'
import { embedded, openEmbedded, type EmbeddedProducer } from '../../../src/log/embedded/index.ts'
import { json } from '../../../src/serde/json.ts'
import { string } from '../../../src/serde/string.ts'
import { tempDir } from '../temp-dir.ts'
import { errorOf, four, one, textRows, valuesIn } from './rows.ts'

describe('appending to the embedded log', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  let log: EmbeddedProducer
  beforeEach(async () => {
    temp = await tempDir()
    log = await openEmbedded({ dir: temp.dir })
  })
  afterEach(async () => {
    await log.close()
    await temp.remove()
  })
  const reopen = async (): Promise<void> => {
    await log.close()
    log = await openEmbedded({ dir: temp.dir })
  }

  it('puts a key where the default partitioner of Kafka puts it', async () => {
    await log.append(four, textRows(50))
    let rows = 0
    for await (const row of log.read(four)) {
      expect(row.partition).to.equal(partitionOf(Buffer.from(row.key!), 4))
      rows++
    }
    expect(rows).to.equal(50)
  })

  it('keeps rows without a key of one append together, and goes round with the next', async () => {
    for (let i = 0; i < 6; i++)
      await log.append(four, [
        { key: null, value: `${i}a` },
        { key: null, value: `${i}b` },
      ])
    expect(await valuesIn(log, four, 0)).to.deep.equal(['0a', '0b', '4a', '4b'])
    expect(await valuesIn(log, four, 3)).to.deep.equal(['3a', '3b'])
  })

  it('keeps key, value, time and headers, nulls included', async () => {
    const topic = embedded('shapes', { value: json<{ n: number }>(), partitions: 1 })
    const headers = new Map([
      ['trace', new Uint8Array([1, 2, 255])],
      ['', new Uint8Array()],
    ])
    await log.append(topic, [
      { key: 'ä', value: { n: 1 }, timestamp: 1.5, headers },
      { key: null, value: null, timestamp: -1 },
    ])
    const rows = []
    for await (const row of log.read(topic)) rows.push(row)
    expect(rows[0]).to.deep.include({ key: 'ä', value: { n: 1 }, timestamp: 1.5, offset: 0 })
    expect([...rows[0]!.headers!].map(([name, value]) => [name, [...value]])).to.deep.equal([
      ['trace', [1, 2, 255]],
      ['', []],
    ])
    expect(rows[1]).to.deep.equal({
      key: null,
      value: null,
      timestamp: -1,
      partition: 0,
      offset: 1,
    })
  })

  it('gives appends that run at once contiguous offsets in their order', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => log.append(one, textRows(1 + (i % 3), i * 3))),
    )
    let next = 0
    for (const { parts } of outcomes) {
      expect(parts[0]!.first).to.equal(next)
      next = parts[0]!.last + 1
    }
    const expected = Array.from({ length: 200 }, (_, i) =>
      textRows(1 + (i % 3), i * 3).map(({ value }) => value),
    ).flat()
    expect(await valuesIn(log, one)).to.deep.equal(expected)
  })

  it('stores a large append in several values, all or none of it', async () => {
    const big = 'x'.repeat(50_000)
    await log.append(
      one,
      Array.from({ length: 20 }, (_, i) => ({ key: 'k', value: `${i}${big}` })),
    )
    expect((await valuesIn(log, one)).map((value) => value!.length - big.length)).to.deep.equal([
      ...Array(10).fill(1),
      ...Array(10).fill(2),
    ])
  })

  it('keeps everything over a restart, and goes on behind it', async () => {
    await log.append(four, textRows(100))
    const before = await valuesIn(log, four)
    await reopen()
    expect(await valuesIn(log, four)).to.deep.equal(before)
    expect(log.topics()).to.deep.equal([{ name: 'four', partitions: 4 }])
    const { parts } = await log.append(four, [{ key: null, value: 'later' }], { partition: 2 })
    expect(parts[0]!.first).to.equal((await valuesIn(log, four, 2)).length - 1)
  })

  it('answers a repeated append with the first outcome and writes nothing, at once, later and after a restart', async () => {
    const rows = textRows(30)
    const again = { producer: 'p', seq: 7 }
    const [first, second] = await Promise.all([
      log.append(four, rows, again),
      log.append(four, rows, again),
    ])
    expect(first.repeated).to.equal(false)
    expect(second).to.deep.equal({ repeated: true, parts: first.parts })
    expect(await log.append(four, rows, again)).to.deep.equal({
      repeated: true,
      parts: first.parts,
    })
    await reopen()
    expect(await log.append(four, rows, again)).to.deep.equal({
      repeated: true,
      parts: first.parts,
    })
    expect(await log.append(four, rows, { producer: 'p', seq: 6 })).to.deep.equal({
      repeated: true,
      parts: [],
    })
    expect((await valuesIn(log, four)).length).to.equal(30)
    expect((await log.append(four, rows, { producer: 'p', seq: 8 })).repeated).to.equal(false)
    expect((await log.append(four, rows, { producer: 'q', seq: 7 })).repeated).to.equal(false)
    expect(
      (await log.append(four, rows, { producer: 'p', seq: 7, partition: 1 })).repeated,
    ).to.equal(false)
  })

  it('refuses other numbers of partitions and unknown topics with what helps', async () => {
    await log.ensure('four', 4)
    const unequal = await errorOf(() => log.ensure('four', 6))
    expect(unequal.code).to.equal('MILLRACE_CONFIG')
    expect(unequal.message).to.contain('has 4 partitions').and.contain('6 were asked')
    await log.ensure('four')
    const unknown = await errorOf(() => valuesIn(log, embedded('fuor', { value: string() })))
    expect(unknown.code).to.equal('MILLRACE_UNKNOWN_TOPIC')
    expect(unknown.message).to.contain("'fuor'").and.contain("'four'")
    expect((await errorOf(() => log.ensure('no/slash'))).code).to.equal('MILLRACE_CONFIG')
    expect(
      (await errorOf(() => log.append(four, [{ key: 'a', value: 'b' }], { partition: 4 }))).code,
    ).to.equal('MILLRACE_UNKNOWN_TOPIC')
    await log.ensure('standard')
    expect(log.topics()).to.deep.include({ name: 'standard', partitions: 4 })
  })

  it('shares one handle among all users of a directory in the process, under any spelling', async () => {
    const link = `${temp.dir}-link`
    await symlink(temp.dir, link)
    const second = await openEmbedded({ dir: link })
    const third = await openEmbedded({ dir: join(temp.dir, '..', temp.dir.split('/').at(-1)!) })
    await second.append(one, textRows(2))
    await second.close()
    await second.close()
    await third.append(one, textRows(1, 2))
    expect(await valuesIn(log, one)).to.deep.equal(['v0', 'v1', 'v2'])
    await third.close()
  })

  it('opens again while it is still closing', async () => {
    await log.append(one, textRows(3))
    const closing = log.close()
    log = await openEmbedded({ dir: temp.dir })
    await closing
    expect((await valuesIn(log, one)).length).to.equal(3)
  })

  it('refuses an append after it was closed', async () => {
    await log.ensure('one', 1)
    await log.close()
    expect((await errorOf(() => log.append(one, textRows(1)))).code).to.equal('MILLRACE_LOG_CLOSED')
    log = await openEmbedded({ dir: temp.dir })
  })

  it('holds the same rows as a plain list per partition, over any appends and restarts', async function () {
    this.timeout(60_000)
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          partition: fc.nat(3),
          rows: fc.nat(12),
          seq: fc.nat(8),
          producer: fc.constantFrom(undefined, 'p', 'q'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const own = await tempDir()
        let producer = await openEmbedded({ dir: own.dir })
        const model: string[][] = [[], [], [], []]
        const seqs = new Map<string, number>()
        const pending: Promise<unknown>[] = []
        await producer.ensure('four', 4)
        let n = 0
        for (const at of steps) {
          if (at.kind === 'restart') {
            await Promise.all(pending.splice(0))
            await producer.close()
            producer = await openEmbedded({ dir: own.dir })
            continue
          }
          const rows = Array.from({ length: at.rows }, () => ({ key: null, value: String(n++) }))
          const lane = `${at.producer}/${at.partition}`
          const repeat = at.producer !== undefined && at.seq <= (seqs.get(lane) ?? -1)
          if (at.producer !== undefined && !repeat) seqs.set(lane, at.seq)
          if (!repeat) model[at.partition]!.push(...rows.map(({ value }) => value))
          const identity = at.producer === undefined ? {} : { producer: at.producer, seq: at.seq }
          pending.push(producer.append(four, rows, { partition: at.partition, ...identity }))
        }
        await Promise.all(pending)
        for (let partition = 0; partition < 4; partition++) {
          expect(await valuesIn(producer, four, partition)).to.deep.equal(model[partition])
        }
        await producer.close()
        await own.remove()
      }),
      { numRuns: 30 },
    )
  })
})
