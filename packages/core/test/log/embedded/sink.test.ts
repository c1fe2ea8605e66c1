import { expect } from 'chai'
import { realEnv } from '../../../src/env.ts'
import {
  embedded,
  embeddedByRecord,
  openEmbedded,
  type EmbeddedProducer,
} from '../../../src/log/embedded/index.ts'
import { json } from '../../../src/serde/json.ts'
import { string } from '../../../src/serde/string.ts'
import type { CommitRef, RowContext, Section, Sink, SinkPort } from '../../../src/sink.ts'
import { tempDir } from '../temp-dir.ts'
import { errorOf, four, one, valuesIn } from './rows.ts'

const row = (time: number): RowContext => ({
  time,
  watermark: 0,
  old: undefined,
  tombstone: false,
  latest: true,
  final: false,
  headers: undefined,
  origin: undefined,
})

describe('the sink of the embedded log', () => {
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

  const open = async <V>(sink: Sink<V>, pending: readonly Section[] = []): Promise<SinkPort<V>> => {
    const port = await sink.open({
      env: realEnv(),
      app: 'app',
      dir: temp.dir,
      subTopology: 'main',
      task: '0',
      node: 'out',
    })
    await port.open(pending)
    return port
  }
  const commit = (seq: number): CommitRef => ({ app: 'app', subTopology: 'main', task: '0', seq })

  it('shows nothing before publish, and each row once however often it is published', async () => {
    const port = await open(one.sink)
    for (let i = 0; i < 5; i++) port.write('k', `v${i}`, row(i))
    expect(await valuesIn(log, one)).to.deep.equal([])
    const sections = port.freeze()
    expect(sections.map(({ lane, rows }) => [lane, rows])).to.deep.equal([['one:0', 5]])
    expect(port.freeze()).to.deep.equal([])
    for (let again = 0; again < 3; again++) await port.publish(sections[0]!, commit(1))
    expect(await valuesIn(log, one)).to.deep.equal(['v0', 'v1', 'v2', 'v3', 'v4'])
    await port.close()
  })

  it('lets the next owner finish what a dead one left, published or not', async () => {
    const dead = await open(one.sink)
    const left: Section[] = []
    for (let seq = 1; seq <= 3; seq++) {
      dead.write('k', `v${seq}`, row(seq))
      left.push(...dead.freeze())
    }
    await dead.publish(left[0]!, commit(1))
    await dead.publish(left[1]!, commit(2))
    const next = await open(one.sink, left)
    for (let seq = 1; seq <= 3; seq++) await next.publish(left[seq - 1]!, commit(seq))
    next.write('k', 'v4', row(4))
    await next.publish(next.freeze()[0]!, commit(4))
    expect(await valuesIn(log, one)).to.deep.equal(['v1', 'v2', 'v3', 'v4'])
    await dead.close()
    await next.close()
  })

  it('refuses to take new rows for repeats after the checkpoint was reset, and goes on after forget', async () => {
    const before = await open(one.sink)
    before.write('k', 'old', row(1))
    await before.publish(before.freeze()[0]!, commit(5))
    await before.close()
    const after = await open(one.sink)
    after.write('k', 'new', row(1))
    const [section] = after.freeze()
    const error = await errorOf(() => after.publish(section!, commit(1)))
    expect(error.code).to.equal('MILLRACE_CONFIG')
    expect(error.message).to.contain('checkpoint was reset').and.contain("forget('app')")
    await after.close()
    await log.forget('app')
    const fresh = await open(one.sink)
    await fresh.publish(section!, commit(1))
    expect(await valuesIn(log, one)).to.deep.equal(['old', 'new'])
    await fresh.close()
  })

  it('spreads rows by their keys, keeps the order of a key, and writes tombstones, times and headers', async () => {
    const port = await open(four.sink)
    for (let i = 0; i < 40; i++) port.write(`k${i % 5}`, `v${i}`, row(i))
    port.write('k0', null as never, {
      ...row(99),
      tombstone: true,
      headers: new Map([['h', new Uint8Array([7])]]),
    })
    for (const section of port.freeze()) await port.publish(section, commit(1))
    const perKey = new Map<string, (string | null)[]>()
    let last
    for await (const read of log.read(four)) {
      perKey.set(read.key!, [...(perKey.get(read.key!) ?? []), read.value])
      if (read.value === null) last = read
    }
    for (const [key, values] of perKey) {
      const from = Number(key.slice(1))
      const expected: (string | null)[] = Array.from({ length: 8 }, (_, i) => `v${from + i * 5}`)
      expect(values).to.deep.equal(key === 'k0' ? [...expected, null] : expected)
    }
    expect(last).to.deep.include({ key: 'k0', timestamp: 99 })
    expect([...last!.headers!.get('h')!]).to.deep.equal([7])
    await port.close()
  })

  it('says that it is full, and is empty again after a freeze', async () => {
    const port = await open(one.sink)
    const value = 'x'.repeat(1024 * 1024)
    let rows = 1
    while (port.write('k', value, row(1))) rows++
    expect(rows).to.be.within(30, 33)
    port.freeze()
    expect(port.write('k', value, row(1))).to.equal(true)
    await port.close()
  })

  it('writes each record to the topic that it names, and makes the topics', async () => {
    const sink = embeddedByRecord((value: { to: string }, key: string) => `${value.to}-${key}`, {
      value: json<{ to: string }>(),
      partitions: 2,
    })
    expect(sink).to.deep.include({
      target: undefined,
      type: 'embedded',
      decides: 'log',
      kind: 'millrace.sink',
    })
    const port = await open(sink)
    port.write('a', { to: 'red' }, row(1))
    port.write('b', { to: 'blue' }, row(2))
    for (const section of port.freeze()) await port.publish(section, commit(1))
    expect(log.topics()).to.deep.equal([
      { name: 'blue-b', partitions: 2 },
      { name: 'red-a', partitions: 2 },
    ])
    expect(await valuesIn(log, embedded('red-a', { value: string() }))).to.deep.equal([
      '{"to":"red"}',
    ])
    expect(() => port.write('a', { to: 'no good' }, row(1))).to.throw('is not a topic name')
    await port.close()
  })

  it('is data: frozen, and of the same topic as its source', () => {
    const topic = embedded('t', { value: string(), name: 'txns', dir: 'x', start: 'latest' })
    expect(topic).to.deep.include({
      kind: 'millrace.source',
      name: 'txns',
      topic: 't',
      start: 'latest',
    })
    expect(topic.log.system).to.equal('embedded:x')
    expect(topic.sink).to.deep.include({ kind: 'millrace.sink', target: 't' })
    for (const part of [topic, topic.log, topic.sink]) expect(Object.isFrozen(part)).to.equal(true)
    expect(() => embedded('t', {} as never)).to.throw('must be a serde')
  })
})
