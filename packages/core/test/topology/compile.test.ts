import { expect } from 'chai'
import { createApp, json } from '@millrace/core'
import type { App, MillraceError, Source } from '@millrace/core'
import { sink, source } from '../runtime/random-graph.ts'

const app = (): App => createApp({ id: 'under-test' })

describe('a topology', () => {
  it('names an asynchronous node by its kind and the named nodes above, so that a filter between them changes nothing', () => {
    const plain = app()
    plain
      .stream(source('orders'))
      .mapValuesAsync(async (v) => v)
      .to(sink('out'))
    const filtered = app()
    filtered
      .stream(source('orders'))
      .filter(() => true)
      .peek(() => {})
      .mapValuesAsync(async (v) => v)
      .filter(() => true)
      .to(sink('out'))
    expect(filtered.topology().fingerprint.entries).deep.equal(plain.topology().fingerprint.entries)
    expect(plain.topology().fingerprint.entries.map(({ node }) => node)).deep.equal([
      'orders',
      'orders.mapValuesAsync',
      'test:out',
    ])
  })

  it('asks for a name when two asynchronous nodes would be called the same', () => {
    const stream = app().stream(source('orders'))
    stream.mapValuesAsync(async (v) => v)
    refuses(
      () => stream.mapValuesAsync(async (v) => v),
      'MILLRACE_DUPLICATE_NAME',
      /"orders.mapValuesAsync" already.*\{ name: '\.\.\.' \}/,
    )
  })

  it('asks for a name when two sinks write to one target', () => {
    const stream = app().stream(source('orders'))
    stream.to(sink('out'))
    refuses(() => stream.to(sink('out')), 'MILLRACE_DUPLICATE_NAME', /test:out/)
    stream.to(sink('out'), { name: 'again' })
  })

  it('refuses a name that could not stand in a path', () => {
    refuses(
      () => app().stream(source('orders'), { name: '../up' }),
      'MILLRACE_CONFIG',
      /"\.\.\/up" is not usable/,
    )
  })

  it('is cut into one sub-topology per connected part, each named by the smallest of its sources', () => {
    const two = app()
    const b = two.stream(source('b'))
    two.stream(source('c')).foreach(() => {})
    two
      .stream(source('a'))
      .merge(b)
      .foreach(() => {})
    expect(two.topology().subTopologies.map(({ name }) => name)).deep.equal(['a', 'c'])
  })

  it('ends a stage at an asynchronous node, and crosses for what by-passes it', () => {
    const staged = app()
    const stream = staged.stream(source('a'))
    stream
      .mapValuesAsync(async (v) => v)
      .merge(stream, { name: 'both' })
      .to(sink('out'))
    const [part] = staged.topology().subTopologies
    expect(part!.stages).equal(2)
    expect(
      new Map([...part!.stageOf].map(([node, stage]) => [node.name, stage])).get('both'),
    ).equal(1)
  })

  it('asks for a name when rows in flight would go to one of several nodes called the same', () => {
    const numbered = app()
    const stream = numbered.stream(source('a'))
    const slow = stream.mapValuesAsync(async (v) => v)
    slow.merge(stream)
    slow.merge(stream)
    refuses(() => numbered.topology(), 'MILLRACE_DUPLICATE_NAME', /several nodes would be called/)
  })

  it('refuses eventTime behind a merge, an asynchronous step, a branch or a fork, and says what stands between', () => {
    const cases: [string, (a: App) => void, RegExp][] = [
      [
        'merge',
        (a) =>
          a
            .stream(source('a'))
            .merge(a.stream(source('b')))
            .eventTime(() => 1),
        /streams are merged/,
      ],
      [
        'async',
        (a) =>
          a
            .stream(source('a'))
            .mapValuesAsync(async (v) => v)
            .eventTime(() => 1),
        /asynchronous step \(a\.mapValuesAsync\)/,
      ],
      [
        'state',
        (a) =>
          a
            .table(source('a'), { materialized: true })
            .toStream()
            .eventTime(() => 1),
        /there is state \(a\.table\)/,
      ],
      [
        'repartition',
        (a) =>
          a
            .stream(source('a'))
            .repartition()
            .eventTime(() => 1),
        /the rows cross a repartition log \(a\.repartitioned-repartition\)/,
      ],
      [
        'branch',
        (a) =>
          a
            .stream(source('a'))
            .branch({ x: () => true })
            .x.eventTime(() => 1),
        /the stream is split/,
      ],
      [
        'second',
        (a) =>
          a
            .stream(source('a'))
            .eventTime(() => 1)
            .eventTime(() => 2),
        /at most one/,
      ],
      [
        'fork',
        (a) => {
          const stream = a.stream(source('a'))
          stream.foreach(() => {})
          stream.eventTime(() => 1)
        },
        /the stream forks/,
      ],
      [
        'flatMap',
        (a) =>
          a
            .stream(source('a'))
            .flatMapValues((v) => [v])
            .eventTime(() => 1),
        /may not make several rows of one/,
      ],
    ]
    for (const [, build, message] of cases) {
      const built = app()
      build(built)
      refuses(() => built.topology(), 'MILLRACE_TOPOLOGY', message)
    }
  })

  it('takes the steps up to eventTime into the prefix of the source', () => {
    const timed = app()
    timed
      .stream(source('a'))
      .filter(() => true)
      .mapValues((v) => v)
      .eventTime(() => 1)
      .filter(() => true)
      .to(sink('out'))
    expect(
      timed.topology().subTopologies[0]!.prefixes[0]!.nodes.map(({ name }) => name),
    ).deep.equal(['a.filter', 'a.mapValues', 'a.eventTime'])
  })

  it('refuses sources of two log systems in one part', () => {
    const mixed = app()
    const other: Source<string, unknown> = {
      ...source('b'),
      value: json(),
      log: { system: 'elsewhere', open: () => Promise.reject(new Error('never')) },
    }
    mixed.stream(source('a')).merge(mixed.stream(other))
    refuses(() => mixed.topology(), 'MILLRACE_TOPOLOGY', /two log systems/)
  })

  it('refuses transactions of two clusters in one task', () => {
    const torn = app()
    const stream = torn.stream(source('a'))
    stream.to({ ...sink('x'), decides: { cluster: 'one' } })
    stream.to({ ...sink('y'), decides: { cluster: 'two' } })
    refuses(() => torn.topology(), 'MILLRACE_TOPOLOGY', /test:x and test:y .* two clusters/)
  })

  it('refuses dead letters whose sink would decide commits', () => {
    const deciding = { ...sink('dead'), decides: { cluster: 'one' } }
    const everywhere = createApp({ id: 'under-test', onError: { deadLetter: deciding } })
    everywhere.stream(source('a'))
    refuses(() => everywhere.topology(), 'MILLRACE_TOPOLOGY', /would decide commits/)
    const one = app()
    one.stream(source('a'), { onError: { deadLetter: deciding } })
    refuses(() => one.topology(), 'MILLRACE_TOPOLOGY', /would decide commits/)
  })

  it('refuses two nodes that write to one place where files belong to one node', () => {
    const shared = app()
    const stream = shared.stream(source('a'))
    stream.to({ ...sink('dir'), exclusive: true })
    stream.to({ ...sink('dir'), exclusive: true }, { name: 'again' })
    refuses(
      () => shared.topology(),
      'MILLRACE_TOPOLOGY',
      /the sink test:dir and the sink again both write to dir/,
    )
    const dead = app()
    dead
      .stream(source('a'), { onError: { deadLetter: { ...sink('dir'), exclusive: true } } })
      .to({ ...sink('dir'), exclusive: true })
    refuses(() => dead.topology(), 'MILLRACE_TOPOLOGY', /both write to dir/)
  })

  it('refuses the same topic twice, an empty app, and streams of another app', () => {
    const twice = app()
    twice.stream(source('a')).merge(twice.stream(source('a'), { name: 'a2' }))
    refuses(() => twice.topology(), 'MILLRACE_TOPOLOGY', /both read a/)
    refuses(() => app().topology(), 'MILLRACE_TOPOLOGY', /no source/)
    refuses(
      () =>
        app()
          .stream(source('a'))
          .merge(app().stream(source('b'))),
      'MILLRACE_CONFIG',
      /another app/,
    )
  })

  it('takes no further node once it has been compiled', () => {
    const closed = app()
    closed.stream(source('a'))
    closed.describe()
    refuses(() => closed.stream(source('b')), 'MILLRACE_LIFECYCLE', /built already/)
  })

  it('describes itself in the grammar of Kafka Streams, neighbours by size and then by name', () => {
    const shown = app()
    const stream = shown.stream(source('in'))
    const kept = stream.filter(() => true)
    kept.mapValues((v) => v).to(sink('big'))
    kept.to(sink('small'))
    expect(shown.describe()).equal(
      'Topologies:\n   Sub-topology: 0\n' +
        '    Source: in (topics: [in])\n      --> in.filter\n' +
        '    Processor: in.filter (stores: [])\n      --> in.mapValues, test:small\n      <-- in\n' +
        '    Processor: in.mapValues (stores: [])\n      --> test:big\n      <-- in.filter\n' +
        '    Sink: test:big (topic: big)\n      <-- in.mapValues\n' +
        '    Sink: test:small (topic: small)\n      <-- in.filter\n\n',
    )
  })
})

function refuses(act: () => unknown, code: MillraceError['code'], message: RegExp): void {
  expect(act).throws(message).with.property('code', code)
}
