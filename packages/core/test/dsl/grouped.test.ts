import { expect } from 'chai'
import {
  createApp,
  hopping,
  isMillraceError,
  json,
  session,
  sliding,
  tumbling,
  unlimited,
} from '@millrace/core'
import type { App, Clock, KGrouped, KTable, Late, Source, Windowed } from '@millrace/core'
import { MemoryLog, TestDriver, memoryTopic } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

type Rows = readonly (readonly [key: string | null, value: number | null, time: number])[]

function source(topic: string): Source<string, number> {
  return Object.freeze({
    kind: 'millrace.source',
    name: topic,
    topic,
    nulls: 'pass',
    log: { system: 'test', open: () => Promise.reject(new Error('never opened')) },
    key: { name: 'identity', decode: (key: unknown) => key as string },
    value: json<number>(),
  })
}

const grouped = (app: App): KGrouped<string, number> => app.stream(source('in')).groupByKey()

/** Changes of a table, one row piped at a time. */
function changes(
  rows: Rows,
  build: (grouped: KGrouped<string, number>) => KTable<any, unknown>,
  clock: Clock = 'watermark',
): { readonly shown: readonly unknown[]; readonly driver: TestDriver } {
  const app = createApp({ id: 'grouped', clock })
  const out = sink<unknown>('out')
  build(grouped(app)).to(out)
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, number>('in')
  for (const [key, value, time] of rows) input.pipeInput(key, value, time)
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
  const shown = driver
    .createOutputTopic<any, unknown>(out)
    .readRecordsToList()
    .map(({ key, value, timestamp }) =>
      typeof key === 'object'
        ? [key.key, key.start, key.end, value, timestamp]
        : [key, value, timestamp],
    )
  return { shown, driver }
}

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (isMillraceError(error)) return error.code
    throw error
  }
  return 'nothing was refused'
}

const names = (app: App): readonly string[] =>
  app.topology().subTopologies.flatMap(({ nodes }) => nodes.map(({ name }) => name))

describe('a grouped stream', () => {
  it('counts the rows of a key; the time of a result is the highest of its rows', () => {
    const rows: Rows = [
      ['a', 1, 5],
      ['b', 1, 6],
      ['a', 1, 3],
    ]
    expect(changes(rows, (g) => g.count()).shown).deep.equal([
      ['a', 1, 5],
      ['b', 1, 6],
      ['a', 2, 5],
    ])
  })

  it('leaves out rows without key or value, and counts them', () => {
    const rows: Rows = [
      [null, 1, 0],
      ['a', null, 0],
      ['a', 1, 0],
    ]
    const { shown, driver } = changes(rows, (g) => g.count({ name: 'n' }))
    expect(shown).deep.equal([['a', 1, 0]])
    expect([...driver.counters('n').reasons]).deep.equal([
      ['null-key', 1],
      ['null-value', 1],
    ])
  })

  it('deletes a key whose aggregate becomes null, and begins anew', () => {
    const rows: Rows = [1, 9, 9, 2].map((value, i) => ['a', value, i])
    const add = (sum: number, value: number): number | null => (value === 9 ? null : sum + value)
    expect(changes(rows, (g) => g.aggregate(() => 0, add as () => number)).shown).deep.equal([
      ['a', 1, 0],
      ['a', null, 1],
      ['a', null, 2],
      ['a', 2, 3],
    ])
  })

  it('reduces from the first value on', () => {
    const rows: Rows = [3, 5, 4].map((value, i) => ['a', value, i])
    expect(changes(rows, (g) => g.reduce((a, b) => Math.max(a, b))).shown).deep.equal([
      ['a', 3, 0],
      ['a', 5, 1],
      ['a', 5, 2],
    ])
  })

  it('owns the value that a reduce begins with: two reduces of one stream do not meet', () => {
    const app = createApp({ id: 'two' })
    const out = sink<{ n: number } | null>('out')
    const objects = app
      .stream(source('in'))
      .mapValues((n) => ({ n }))
      .groupByKey()
    const add = (a: { n: number }, b: { n: number }): { n: number } => {
      a.n += b.n
      return a
    }
    objects.reduce(add, { name: 'one' }).to(out, { name: 'out-one' })
    objects.reduce(add, { name: 'two' }).to(out, { name: 'out-two' })
    const driver = new TestDriver(app)
    driver.createInputTopic<string, number>('in').pipeKeyValueList([
      ['a', 1],
      ['a', 2],
    ])
    for (const name of ['out-one', 'out-two'])
      expect(driver.createOutputTopic(name).readValuesToList()).deep.equal([{ n: 1 }, { n: 3 }])
  })

  it('refuses an aggregator that returns a promise', () => {
    const run = (): unknown =>
      changes([['a', 1, 0]], (g) => g.aggregate(() => 0, (async () => 1) as never))
    expect(codeOf(run)).equal('MILLRACE_NODE_FAILED')
  })

  it('keeps nothing of a row whose aggregator throws', () => {
    const add = (sum: number, value: number): number => {
      if (value === 9) throw new Error('nine')
      return sum + value
    }
    const rows: Rows = [1, 9, 2].map((value, i) => ['a', value, i])
    expect(changes(rows, (g) => g.aggregate(() => 0, add, { onError: 'skip' })).shown).deep.equal([
      ['a', 1, 0],
      ['a', 3, 2],
    ])
    const hops = (g: KGrouped<string, number>): KTable<any, unknown> =>
      g.windowedBy(hopping('4ms', '2ms')).aggregate(() => 0, add, { onError: 'skip' })
    expect(changes(rows, hops).shown).deep.equal([
      ['a', 0, 4, 1, 0],
      ['a', 0, 4, 3, 2],
      ['a', 2, 6, 2, 2],
    ])
  })

  it('crosses a repartition log where the key was changed, named behind the aggregate', () => {
    const app = createApp({ id: 'rekeyed' })
    const out = sink<number | null>('out')
    app
      .stream(source('in'))
      .groupBy((value) => `k${value % 2}`)
      .count()
      .to(out)
    expect(names(app)).include('in.count-repartition')
    const driver = new TestDriver(app)
    driver.createInputTopic<string, number>('in').pipeKeyValueList([
      ['a', 1],
      ['b', 3],
      ['c', 4],
    ])
    expect(driver.createOutputTopic(out).readKeyValuesToList()).deep.equal([
      ['k1', 1],
      ['k1', 2],
      ['k0', 1],
    ])
  })

  it('shows only the newest change of a key at a commit with updates: latest', () => {
    const app = createApp({ id: 'latest' })
    const out = sink<number | null>('out')
    grouped(app).count({ updates: 'latest' }).to(out)
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, number>('in')
    input.pipeKeyValueList([
      ['a', 1],
      ['b', 1],
      ['a', 1],
    ])
    input.pipeKeyValueList([['a', 1]])
    expect(driver.createOutputTopic(out).readKeyValuesToList()).deep.equal([
      ['b', 1],
      ['a', 2],
      ['a', 3],
    ])
  })
})

describe('names of aggregates', () => {
  it('say verb and window, so that several windows over one stream get along', () => {
    const app = createApp({ id: 'names' })
    const g = grouped(app)
    g.count()
    g.windowedBy(tumbling('5m')).count()
    g.windowedBy(tumbling('1h').grace('1m')).count()
    g.windowedBy(hopping('1h', '90s')).count()
    g.windowedBy(sliding('1500ms')).count()
    g.windowedBy(session('30s')).count()
    g.windowedBy(unlimited()).count()
    expect(names(app)).deep.equal([
      'in',
      'in.count',
      'in.count-5m',
      'in.count-1h',
      'in.count-1h-every-90s',
      'in.count-sliding-1500ms',
      'in.count-session-30s',
      'in.count-unlimited',
    ])
  })

  it('are asked for where two would be equal', () => {
    const g = grouped(createApp({ id: 'twice' }))
    g.windowedBy(tumbling('5m')).count()
    const again = (): unknown => g.windowedBy(tumbling('5m').grace('1s')).count()
    expect(codeOf(again)).equal('MILLRACE_DUPLICATE_NAME')
  })

  it('change nothing that a checkpoint must agree with, nor does retention; windows, grace and emit do', () => {
    const hash = (build: (g: KGrouped<string, number>) => unknown): string => {
      const app = createApp({ id: 'same' })
      build(grouped(app))
      return app.topology().fingerprint.hash
    }
    const named = { name: 'n' }
    const first = hash((g) => g.windowedBy(tumbling('5m')).count(named))
    expect(hash((g) => g.windowedBy(tumbling('300s')).count(named))).equal(first)
    const others = [
      hash((g) => g.windowedBy(tumbling('6m')).count(named)),
      hash((g) => g.windowedBy(tumbling('5m').grace('1s')).count(named)),
      hash((g) => g.windowedBy(tumbling('5m')).emit('close').count(named)),
    ]
    expect(new Set([first, ...others]).size).equal(4)
    expect(hash((g) => g.windowedBy(tumbling('5m')).count({ ...named, retention: '1h' }))).equal(
      first,
    )
  })
})

describe('a windowed stream', () => {
  it('takes a row until T reaches end and grace, and not from then on', () => {
    const late: Late<number>[] = []
    const rows: Rows = [
      ['a', 1, 0],
      ['b', 1, 14],
      ['a', 1, 9],
      ['b', 1, 15],
      ['a', 1, 9],
    ]
    const { shown, driver } = changes(
      rows,
      (g) =>
        g.windowedBy(tumbling('10ms').grace('5ms')).count({
          name: 'n',
          late: (stream) => void stream.peek((row) => late.push({ ...row })),
        }),
      'streamTime',
    )
    expect(shown).deep.equal([
      ['a', 0, 10, 1, 0],
      ['b', 10, 20, 1, 14],
      ['a', 0, 10, 2, 9],
      ['b', 10, 20, 2, 15],
    ])
    expect(late).deep.equal([
      {
        value: 1,
        node: 'n',
        time: 9,
        watermark: 15,
        lateBy: 6,
        windows: [{ start: 0, end: 10 }],
      },
    ])
    expect(driver.counters('n').late).equal(1)
  })

  it('writes late rows to a sink under their key', () => {
    const app = createApp({ id: 'late' })
    const late = sink<Late<number>>('late')
    grouped(app).windowedBy(tumbling('10ms')).count({ late })
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, number>('in')
    input.pipeInput('a', 1, 30)
    input.pipeInput('b', 2, 3)
    const [row, ...others] = driver
      .createOutputTopic<string, Late<number>>(late)
      .readRecordsToList()
    expect(others).deep.equal([])
    expect(row!.key).equal('b')
    expect(row!.timestamp).equal(3)
    expect(row!.value.value).equal(2)
  })

  it('counts a row that some windows refuse once as forwarded, and each refusal', () => {
    const rows: Rows = [
      ['a', 1, 12],
      ['a', 1, 9],
    ]
    const { shown, driver } = changes(rows, (g) =>
      g.windowedBy(hopping('10ms', '5ms')).count({ name: 'n' }),
    )
    expect(shown).deep.equal([
      ['a', 5, 15, 1, 12],
      ['a', 10, 20, 1, 12],
      ['a', 5, 15, 2, 12],
    ])
    expect(driver.counters('n').late).equal(0)
    expect(driver.counters('n').forwarded).equal(2)
    expect([...driver.counters('n').reasons]).deep.equal([['expired-window', 1]])
  })

  it('hands null values to the aggregator, and drops null keys', () => {
    const rows: Rows = [
      [null, 1, 0],
      ['a', null, 0],
    ]
    const { shown, driver } = changes(rows, (g) =>
      g.windowedBy(tumbling('10ms')).count({ name: 'n' }),
    )
    expect(shown).deep.equal([['a', 0, 10, 1, 0]])
    expect([...driver.counters('n').reasons]).deep.equal([['null-key', 1]])
  })

  it('drops a row between two windows, and counts it', () => {
    const { shown, driver } = changes([['a', 1, 7]], (g) =>
      g.windowedBy(hopping('5ms', '10ms')).count({ name: 'n' }),
    )
    expect(shown).deep.equal([])
    expect([...driver.counters('n').reasons]).deep.equal([['no-window', 1]])
  })

  it('shows one final row a window on close, by start and then key', () => {
    const rows: Rows = [
      ['b', 1, 1],
      ['a', 1, 2],
      ['a', 1, 11],
      ['b', 1, 3],
      ['c', 1, 40],
      ['c', 1, 40],
    ]
    const build = (g: KGrouped<string, number>): KTable<any, unknown> =>
      g.windowedBy(tumbling('10ms').grace('5ms')).emit('close').count()
    for (const clock of ['watermark', 'streamTime'] as const)
      expect(changes(rows, build, clock).shown).deep.equal([
        ['a', 0, 10, 1, 2],
        ['b', 0, 10, 2, 3],
        ['a', 10, 20, 1, 11],
      ])
  })

  it('closes five thousand windows at one T in order, each once, with crashes in between', () => {
    const app = createApp({ id: 'many' })
    const out = sink<number>('out')
    grouped(app).windowedBy(tumbling('10ms')).emit('close').count().toStream().to(out)
    const driver = new TestDriver(app, { drainRows: 999 })
    const input = driver.createInputTopic<string, number>('in')
    const keys = Array.from({ length: 5_000 }, (_, i) => `k${String(i).padStart(5, '0')}`)
    input.pipeRecordList(keys.toReversed().map((key) => ({ key, value: 1, timestamp: 1 })))
    input.pipeInput('z', 1, 100)
    driver.crash()
    input.pipeInput('z', 1, 101)
    const shown = driver.createOutputTopic<Windowed<string>, number>(out).readKeyValuesToList()
    expect(shown.map(([{ key }]) => key)).deep.equal(keys)
  })

  it('forgets closed windows, and keeps them for lookups as long as retention says', () => {
    const found = (retention: '0ms' | '20ms'): unknown => {
      const app = createApp({ id: 'kept', clock: 'streamTime' })
      const out = sink<unknown>('out')
      const windows = grouped(app).windowedBy(tumbling('10ms')).count({ name: 'n', retention })
      const asked = app
        .stream(source('asked'))
        .keyBy((at) => ({ key: 'a', start: at, end: at + 10 }), { partitioned: true })
      asked.join(windows, (_, count) => count).to(out)
      const driver = new TestDriver(app)
      const input = driver.createInputTopic<string, number>('in')
      const ask = driver.createInputTopic<string, number>('asked')
      input.pipeInput('a', 1, 3)
      ask.pipeInput('x', 0, 3)
      input.pipeInput('a', 1, 12)
      ask.pipeInput('x', 0, 12)
      input.pipeInput('a', 1, 35)
      ask.pipeInput('x', 0, 35)
      ask.pipeInput('x', 10, 35)
      return driver.createOutputTopic<unknown, number>(out).readValuesToList()
    }
    expect(found('0ms')).deep.equal([1])
    expect(found('20ms')).deep.equal([1, 1, 1])
  })

  it('stays linear for a key with very many windows', function () {
    this.timeout(30_000)
    const time = (windows: number): number => {
      const app = createApp({ id: 'hot' })
      grouped(app).windowedBy(tumbling('1ms').grace('1d')).count()
      const driver = new TestDriver(app)
      const input = driver.createInputTopic<string, number>('in')
      const began = performance.now()
      for (let at = 0; at < windows; at += 100)
        input.pipeRecordList(
          Array.from({ length: 100 }, (_, i) => ({ key: 'a', value: 1, timestamp: at + i })),
        )
      return performance.now() - began
    }
    time(2_000)
    const few = time(2_000)
    expect(time(20_000)).lessThan(40 * few)
  })

  it('refuses what no window can do', () => {
    const g = grouped(createApp({ id: 'refused' }))
    expect(codeOf(() => g.windowedBy('5m' as never))).equal('MILLRACE_CONFIG')
    expect(codeOf(() => g.windowedBy(tumbling('5m')).emit('sometimes' as never))).equal(
      'MILLRACE_CONFIG',
    )
    expect(codeOf(() => g.windowedBy(unlimited()).emit('close'))).equal('MILLRACE_CONFIG')
    expect(
      codeOf(() =>
        g.windowedBy(session('1s')).aggregate(
          () => 0,
          (n) => n,
          {} as never,
        ),
      ),
    ).equal('MILLRACE_CONFIG')
  })
})

describe('a windowed table in groups', () => {
  function windowsOf(clock: Clock): readonly unknown[] {
    const rows: Rows = [1, 12, 13, 25].map((time) => ['a', 1, time] as const)
    const { shown } = changes(
      rows,
      (g) =>
        g
          .windowedBy(tumbling('10ms'))
          .count()
          .groupBy((_, { key }) => [key, 1])
          .count(),
      clock,
    )
    return shown.map((change) => (change as readonly unknown[])[1])
  }

  it('counts its windows', () => {
    expect(windowsOf('watermark').at(-1)).equal(3)
  })

  it('loses one for each new window under stream time, as in Kafka Streams: its old value is the initial one', () => {
    expect(windowsOf('streamTime').at(-1)).equal(1)
  })
})

describe('a cogroup', () => {
  it('adds the rows of several streams to one aggregate, as they come', () => {
    const app = createApp({ id: 'cogroup' })
    const out = sink<string>('out')
    const log = new MemoryLog()
    const topic = (name: string): Source<string, number> =>
      memoryTopic(log, name, { value: json<number>() })
    const left = app.stream(topic('left')).groupByKey()
    const right = app.stream(topic('right')).groupBy((_, key) => key)
    left
      .cogroup<string>((all, value) => `${all}L${value}`)
      .cogroup(right, (all, value) => `${all}R${value}`)
      .aggregate(() => '')
      .toStream()
      .to(out)
    expect(names(app)).include('left+right.cogroup')
    expect(names(app)).include('left-right.cogroup-2-repartition')
    const driver = new TestDriver(app)
    const lefts = driver.createInputTopic<string, number>('left')
    const rights = driver.createInputTopic<string, number>('right')
    lefts.pipeInput('a', 1)
    rights.pipeInput('a', 2)
    lefts.pipeInput('a', 3)
    expect(driver.createOutputTopic(out).readValuesToList()).deep.equal(['L1', 'L1R2', 'L1R2L3'])
  })

  it('takes one stream several times, in the order of its sides', () => {
    const app = createApp({ id: 'self' })
    const out = sink<string | null>('out')
    const g = grouped(app)
    g.cogroup<string>((all) => `${all}a`)
      .cogroup(g, (all) => `${all}b`)
      .cogroup(g, (all) => `${all}c`)
      .aggregate(() => '')
      .to(out)
    const driver = new TestDriver(app)
    driver.createInputTopic<string, number>('in').pipeInput('k', 1)
    expect(driver.createOutputTopic(out).readValuesToList()).deep.equal(['a', 'ab', 'abc'])
  })

  describe('in windows, under stream time', () => {
    /** What a slow side and a fast one make of tumbling windows of ten. */
    function sides(emit: 'update' | 'close', retention: '0ms' | '1h') {
      const app = createApp({ id: 'sides', clock: 'streamTime' })
      const out = sink<string>('out')
      const late = sink<Late<unknown>>('late')
      app
        .stream(source('slow'))
        .groupByKey()
        .cogroup<string>((all, value) => `${all}s${value}`)
        .cogroup(app.stream(source('fast')).groupByKey(), (all, value) => `${all}f${value}`)
        .windowedBy(tumbling('10ms'))
        .emit(emit)
        .aggregate(() => '', { late, retention })
        .toStream()
        .to(out)
      const driver = new TestDriver(app)
      return {
        driver,
        slow: driver.createInputTopic<string, number>('slow'),
        fast: driver.createInputTopic<string, number>('fast'),
        results: () =>
          driver
            .createOutputTopic<Windowed<string>, string>(out)
            .readRecordsToList()
            .map(({ key, value }) => [key.start, value]),
        late: () =>
          driver
            .createOutputTopic<string, Late<number>>(late)
            .readValuesToList()
            .map(({ value, time, watermark, lateBy }) => ({ value, time, watermark, lateBy })),
      }
    }

    it('has a T per side, which a crash does not change', () => {
      const { driver, slow, fast, results, late } = sides('update', '1h')
      fast.pipeInput('k', 1, 5)
      fast.pipeInput('k', 2, 35)
      slow.pipeInput('k', 3, 7)
      slow.pipeInput('k', 4, 12)
      driver.crash()
      slow.pipeInput('k', 5, 8)
      slow.pipeInput('k', 6, 13)
      fast.pipeInput('k', 7, 14)
      expect(results()).deep.equal([
        [0, 'f1'],
        [30, 'f2'],
        [0, 'f1s3'],
        [10, 's4'],
        [10, 's4s6'],
      ])
      expect(late()).deep.equal([
        { value: 5, time: 8, watermark: 12, lateBy: 4 },
        { value: 7, time: 14, watermark: 35, lateBy: 21 },
      ])
    })

    it('begins a window anew that the fastest side has left behind', () => {
      const { slow, fast, results } = sides('update', '0ms')
      slow.pipeInput('k', 1, 5)
      fast.pipeInput('k', 2, 35)
      slow.pipeInput('k', 3, 6)
      slow.pipeInput('k', 4, 7)
      expect(results()).deep.equal([
        [0, 's1'],
        [30, 'f2'],
        [0, 's3'],
        [0, 's4'],
      ])
    })

    it('has one T for all sides where windows become final', () => {
      const { slow, fast, results, late } = sides('close', '1h')
      slow.pipeInput('k', 1, 5)
      fast.pipeInput('k', 2, 35)
      slow.pipeInput('k', 3, 6)
      expect(results()).deep.equal([[0, 's1']])
      expect(late()).deep.equal([{ value: 3, time: 6, watermark: 35, lateBy: 29 }])
    })
  })

  it('takes grouped streams of its own app only', () => {
    const add = (n: number): number => n
    const cogroup = grouped(createApp({ id: 'one' })).cogroup(add)
    const other = grouped(createApp({ id: 'two' }))
    expect(codeOf(() => cogroup.cogroup(other, add))).equal('MILLRACE_CONFIG')
    expect(codeOf(() => cogroup.cogroup({} as never, add))).equal('MILLRACE_CONFIG')
  })
})
