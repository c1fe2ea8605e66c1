import { expect } from 'chai'
import { createApp, embedded, json, sliding, string, tumbling, unlimited } from '@millrace/core'
import type { KTable, SuppressOptions, Windowed } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

const source = embedded('in', { key: string(), value: json<number>() })
const out = sink<unknown>('out')
const app = (): ReturnType<typeof createApp> => createApp({ id: 'suppress' })

function tumbled(
  of: ReturnType<typeof createApp>,
  grace: `${number}ms` = '0ms',
): KTable<Windowed<string>, number> {
  return of.stream(source).groupByKey().windowedBy(tumbling('10ms').grace(grace)).count()
}

/** What leaves the suppressed table of sums behind each row. */
function emitted(
  options: SuppressOptions,
  rows: readonly (readonly [key: string, value: number, time: number])[],
): readonly (readonly unknown[])[] {
  const built = app()
  const table = built.table(source)
  table.suppress(options).toStream({ tombstones: true }).to(out)
  const driver = new TestDriver(built)
  const input = driver.createInputTopic<string, number>('in')
  const output = driver.createOutputTopic<string, number>(out)
  return rows.map(([key, value, time]) => {
    input.pipeInput(key, value, time)
    driver.crash()
    return output.readKeyValuesToList().map(([k, v]) => `${k}=${v}`)
  })
}

describe('suppress until windows close', () => {
  it('shows each window once, when no row can change it any more', () => {
    const built = app()
    tumbled(built, '5ms').suppress({ until: 'windowCloses' }).toStream().to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    const output = driver.createOutputTopic<Windowed<string>, number>(out)
    input.pipeInput('a', 1, 3)
    input.pipeInput('a', 1, 14)
    input.pipeInput('a', 1, 9)
    expect(output.isEmpty()).equal(true)
    input.pipeInput('a', 1, 15)
    expect(output.readKeyValuesToList()).deep.equal([[{ key: 'a', start: 0, end: 10 }, 2]])
    input.pipeInput('a', 1, 9)
    expect(output.isEmpty()).equal(true)
  })

  it('finds the windows above filters, mappers and joins', () => {
    const built = app()
    const counts = tumbled(built)
    counts
      .filter((n) => n > 1)
      .mapValues((n) => `${n}`)
      .join(counts, (a, b) => `${a}/${b}`)
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    for (const time of [1, 2, 12]) input.pipeInput('a', 1, time)
    expect(driver.createOutputTopic(out).readValuesToList()).deep.equal(['2/2'])
  })

  it('refuses tables without windows, and windows that never close', () => {
    expect(() => app().table(source).suppress({ until: 'windowCloses' }))
      .to.throw(/needs a windowed table.*windowedBy/)
      .with.property('code', 'MILLRACE_TOPOLOGY')
    const endless = app().stream(source).groupByKey().windowedBy(unlimited()).count()
    expect(() => endless.suppress({ until: 'windowCloses' })).to.throw(/unlimited/)
  })

  it('names a key that has lost its window', () => {
    const built = app()
    tumbled(built)
      .groupBy((n, { key }) => [key, n] as const)
      .count()
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    expect(() => input.pipeInput('a', 1, 1)).to.throw(/key without a window/)
  })

  it('passes thousands of windows of one instant, each once', () => {
    const built = app()
    tumbled(built).suppress({ until: 'windowCloses' }).toStream().to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    for (let i = 0; i < 5_000; i++) input.pipeInput(`k${i}`, 1, 5)
    driver.crash()
    input.pipeInput('k', 1, 20)
    const keys = driver
      .createOutputTopic<Windowed<string>, number>(out)
      .readKeyValuesToList()
      .map(([{ key }]) => key)
    expect(keys).deep.equal(Array.from({ length: 5_000 }, (_, i) => `k${i}`).sort())
  })

  it('lets a full buffer fail the task, whatever the policy for rows says', () => {
    const built = createApp({ id: 'full', onError: 'skip' })
    tumbled(built)
      .suppress({ until: 'windowCloses', buffer: { maxRecords: 2 } })
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    input.pipeInput('a', 1, 1)
    input.pipeInput('b', 1, 1)
    expect(() => input.pipeInput('c', 1, 1))
      .to.throw(/buffer full: .* 3 rows and may hold 2: raise buffer.maxRecords/)
      .with.property('code', 'MILLRACE_NODE_FAILED')
  })

  it('may not let rows go early', () => {
    const options = { until: 'windowCloses', buffer: { whenFull: 'emitEarly' } } as never
    expect(() => tumbled(app()).suppress(options)).to.throw(/one final result/)
  })
})

describe('suppress for a time limit', () => {
  it('shows the newest change of a key so long after its first one', () => {
    const rows = [
      ['a', 1, 0],
      ['a', 2, 8],
      ['b', 3, 10],
      ['a', 4, 11],
      ['b', 5, 22],
    ] as const
    // T has to pass 10: at 10 another change of that time may come.
    expect(emitted({ until: 'timeLimit', after: '10ms' }, rows)).deep.equal([
      [],
      [],
      [],
      ['a=4'],
      ['b=5'],
    ])
  })

  it('lets the oldest go when the buffer is full of rows', () => {
    const options: SuppressOptions = { until: 'timeLimit', after: '1h', buffer: { maxRecords: 1 } }
    const rows = [
      ['b', 1, 5],
      ['a', 2, 5],
      ['a', 3, 6],
      ['c', 4, 7],
    ] as const
    expect(emitted(options, rows)).deep.equal([[], ['a=2'], ['b=1'], ['a=3']])
  })

  it('lets the oldest go when the buffer is full of bytes, restarts included', () => {
    // A key takes 1 byte, a value of n digits n.
    const options: SuppressOptions = { until: 'timeLimit', after: '1h', buffer: { maxBytes: 8 } }
    const rows = [
      ['a', 111, 1],
      ['b', 222, 2],
      ['a', 11, 3],
      ['b', 222_222_222, 4],
      ['c', 1, 5],
    ] as const
    const behind = emitted(options, rows)
    expect(behind.slice(0, 2)).deep.equal([[], []])
    expect(behind[2]).deep.equal(['a=11']) // and the 111 before it
    expect(behind[3]).deep.equal(['b=222222222'])
    expect(behind[4]).deep.equal([])
  })

  it('refuses what is no limit, no bound and no such thing', () => {
    const table = (): KTable<string, number> => app().table(source)
    expect(() => table().suppress({ until: 'timeLimit', after: '1x' as never })).to.throw(/after/)
    for (const maxRecords of [0, -1, 1.5])
      expect(() =>
        table().suppress({ until: 'timeLimit', after: '1ms', buffer: { maxRecords } }),
      ).to.throw(/maxRecords/)
    expect(() => table().suppress({ until: 'later' } as never)).to.throw(/windowCloses/)
  })

  it('shows others a buffered key as it was before', () => {
    const built = app()
    const table = built.table(source)
    const held = table.suppress({ until: 'timeLimit', after: '10ms' })
    const other = built.table(embedded('other', { key: string(), value: json<number>() }))
    other
      .leftJoin(held, (a, b) => `${a}:${b}`)
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    const right = driver.createInputTopic<string, number>('other')
    const output = driver.createOutputTopic<string, string>(out)
    input.pipeInput('a', 1, 5)
    right.pipeInput('a', 0, 6)
    input.pipeInput('x', 1, 17)
    right.pipeInput('x', 0, 18) // both have come this far
    input.pipeInput('a', 2, 20)
    right.pipeInput('a', 9, 21)
    const rows = output.readRecordsToList().filter(({ key }) => key === 'a')
    expect(rows.map(({ value, timestamp }) => [value, timestamp])).deep.equal([
      ['0:null', 6],
      ['0:1', 6],
      ['9:1', 21],
    ])
  })

  it('tells those below the value that they have seen, so that sums stay sums', () => {
    const built = app()
    const source2 = embedded('in', { key: string(), value: json<number>() })
    built
      .table(source2)
      .suppress({ until: 'timeLimit', after: '2ms' })
      .groupBy((n) => ['all', n] as const)
      .reduce(
        (sum, n) => sum + n,
        (sum, n) => sum - n,
      )
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    ;[
      [1, 0],
      [2, 1],
      [4, 5],
      [8, 6],
      [16, 20],
      [32, 40],
    ].forEach(([value, time]) => input.pipeInput('a', value!, time))
    const values = driver.createOutputTopic<string, number>(out).readValuesToList()
    // Emitted: 2, 8, 16; each takes the one before it out of the sum.
    expect(values.at(-1)).equal(16)
  })

  it('keeps what it was given, though the aggregate above is changed in place', () => {
    const built = app()
    built
      .stream(source)
      .groupByKey()
      .windowedBy(sliding('10ms'))
      .aggregate(
        () => ({ n: 0 }),
        (sum, n) => {
          sum.n += n
          return sum
        },
      )
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to(out)
    const driver = new TestDriver(built)
    const input = driver.createInputTopic<string, number>('in')
    for (const time of [10, 15, 40]) input.pipeInput('a', 1, time)
    const rows = driver.createOutputTopic<Windowed<string>, { n: number }>(out)
    expect(rows.readKeyValuesToList().map(([{ start }, { n }]) => [start, n])).deep.equal([
      [0, 1],
      [5, 2],
      [11, 1],
    ])
  })
})
