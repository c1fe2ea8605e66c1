/** Operators inside `pipe`, through the test driver: each does what the method of its name does. */
import { createApp, embedded, json } from '@millrace/core'
import type { KStream, Op, Rejected, Sink } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { expect } from 'chai'
import { z } from 'zod'
import {
  branch,
  eventTime,
  filter,
  filterNot,
  flatMap,
  flatMapValues,
  keyBy,
  map,
  mapValues,
  mapValuesAsync,
  peek,
  validate,
} from '@millrace/operators'

const Txn = z.object({ id: z.string(), userId: z.string(), amount: z.number(), at: z.number() })
type Txn = z.infer<typeof Txn>

const txn = (id: string, amount: number, more: Partial<Txn> = {}): Txn => ({
  id,
  userId: `user-${id}`,
  amount,
  at: 0,
  ...more,
})

function sinkNamed<V>(target: string): Sink<V> {
  return Object.freeze<Sink<V>>({
    kind: 'millrace.sink',
    type: 'test',
    target,
    decides: 'log',
    open: () => Promise.reject(new Error('the test driver opens no sink')),
  })
}

/** Keys, values and times that come out when the transactions go in under the key 'k'. */
function through<K, V>(
  step: Op<KStream<string, Txn>, KStream<K, V>>,
  ...rows: readonly Txn[]
): readonly (readonly [K, V, number])[] {
  const app = createApp({ id: 'operators' })
  const source = embedded('txns', { value: json(Txn) })
  const out = sinkNamed<V>('out')
  app.stream(source).pipe(step).to(out)
  const driver = new TestDriver(app)
  const input = driver.createInputTopic(source)
  for (const value of rows) input.pipeInput('k', value, 7)
  const read = driver.createOutputTopic<K, V>(out).readRecordsToList()
  driver.close()
  return read.map(({ key, value, timestamp }) => [key, value, timestamp])
}

describe('operators', () => {
  it('filter keeps and filterNot drops what the predicate takes', () => {
    const rows = [txn('a', 1), txn('b', 5)]
    expect(
      through(
        filter((t) => t.amount > 2),
        ...rows,
      ).map(([, t]) => t.id),
    ).to.deep.equal(['b'])
    expect(
      through(
        filterNot((t) => t.amount > 2),
        ...rows,
      ).map(([, t]) => t.id),
    ).to.deep.equal(['a'])
  })

  it('mapValues changes the value and keeps key and time', () => {
    expect(
      through(
        mapValues((t) => t.amount * 2),
        txn('a', 2),
      ),
    ).to.deep.equal([['k', 4, 7]])
  })

  it('map changes key and value', () => {
    expect(
      through(
        map((t) => [t.id, t.amount]),
        txn('a', 2),
      ),
    ).to.deep.equal([['a', 2, 7]])
  })

  it('flatMapValues and flatMap make any number of rows of one, in order', () => {
    const twice = (t: Txn): string[] => Array.from({ length: t.amount }, () => t.id)
    const rows = [txn('a', 0), txn('b', 2)]
    expect(through(flatMapValues(twice), ...rows)).to.deep.equal([
      ['k', 'b', 7],
      ['k', 'b', 7],
    ])
    const numbered = flatMap((t: Txn) => twice(t).map((id, i) => [i, id] as const))
    expect(through(numbered, ...rows)).to.deep.equal([
      [0, 'b', 7],
      [1, 'b', 7],
    ])
  })

  it('keyBy changes the key alone, and sees the key before', () => {
    const [row] = through(
      keyBy((t, key) => [t.userId, key]),
      txn('a', 1),
    )
    expect(row).to.deep.equal([['user-a', 'k'], txn('a', 1), 7])
  })

  it('peek sees each row once and passes it on', () => {
    const seen: unknown[] = []
    const rows = [txn('a', 1), txn('b', 2)]
    const out = through(
      peek((t, key) => void seen.push([key, t.id])),
      ...rows,
    )
    expect(seen).to.deep.equal([
      ['k', 'a'],
      ['k', 'b'],
    ])
    expect(out.map(([, t]) => t)).to.deep.equal(rows)
  })

  it('eventTime gives rows their time, wherever it stands behind stateless steps', () => {
    const out = through(
      (s) =>
        s.pipe(
          filter((t) => t.amount > 0),
          eventTime((t) => t.at, { outOfOrder: '1m' }),
        ),
      txn('a', 1, { at: 60_000 }),
      txn('b', 0, { at: 90_000 }),
      txn('c', 1, { at: 30_000 }),
    )
    expect(out.map(([, t, time]) => [t.id, time])).to.deep.equal([
      ['a', 60_000],
      ['c', 30_000],
    ])
  })

  it('branch gives each row to the first branch that takes it, else to rest', () => {
    const app = createApp({ id: 'operators' })
    const source = embedded('txns', { value: json(Txn) })
    const names = ['big', 'odd', 'rest'] as const
    const sinks = { big: sinkNamed('big'), odd: sinkNamed('odd'), rest: sinkNamed('rest') }
    const streams = app
      .stream(source)
      .pipe(branch({ big: (t) => t.amount > 10, odd: (t) => t.amount % 2 === 1 }))
    for (const name of names) streams[name].mapValues((t) => t.amount).to(sinks[name])
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    for (const amount of [1, 2, 11, 12, 3]) input.pipeInput('k', txn('a', amount))
    const read = names.map((name) => driver.createOutputTopic(sinks[name]).readValuesToList())
    expect(read).to.deep.equal([[11, 12], [1, 3], [2]])
    driver.close()
  })

  it('mapValuesAsync waits for each answer and keeps the order of its rows', async () => {
    const app = createApp({ id: 'operators' })
    const source = embedded('txns', { value: json(Txn) })
    const out = sinkNamed<string>('out')
    const answers: (() => void)[] = []
    app
      .stream(source)
      .pipe(mapValuesAsync((t) => new Promise<string>((give) => answers.unshift(() => give(t.id)))))
      .to(out)
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    for (const id of ['a', 'b', 'c']) input.pipeInput('k', txn(id, 1))
    for (const answer of answers) answer() // the youngest first
    await driver.settle()
    expect(driver.createOutputTopic(out).readValuesToList()).to.deep.equal(['a', 'b', 'c'])
    driver.close()
  })

  it('hands options on to the node', () => {
    const app = createApp({ id: 'operators' })
    const source = embedded('txns', { value: json(Txn) })
    app.stream(source).pipe(
      filter((t) => t.amount > 0, { name: 'some' }),
      mapValues((t) => t, { name: 'same' }),
      mapValuesAsync((t) => Promise.resolve(t), { name: 'slow' }),
      keyBy((t) => t.id, { name: 'by-id' }),
    )
    const driver = new TestDriver(app)
    expect(driver.nodes).to.include.members(['some', 'same', 'slow', 'by-id'])
    driver.close()
  })

  it('may be kept and used in several pipes', () => {
    const positive = filter((n: number) => n > 0)
    const step = (s: KStream<string, Txn>): KStream<string, number> =>
      s.pipe(
        mapValues((t) => t.amount),
        positive,
        mapValues((n) => n - 1),
        positive,
      )
    const out = through(step, txn('a', 0), txn('b', 1), txn('c', 2))
    expect(out.map(([, n]) => n)).to.deep.equal([1])
  })
})

describe('validate', () => {
  const hostile: readonly [string, string][] = [
    ['{"id":"a","userId":"u","amount":"1","at":0}', 'amount: '],
    ['{"id":"a","userId":"u","amount":1}', 'at: '],
    ['[]', '(the value): '],
    ['"text"', '(the value): '],
  ]

  function piped(...values: readonly string[]): {
    good: readonly Txn[]
    bad: readonly Rejected[]
    counters: ReturnType<TestDriver['counters']>
  } {
    const app = createApp({ id: 'operators' })
    const source = embedded('txns', { value: json() })
    const out = sinkNamed<Txn>('out')
    const invalid = sinkNamed<Rejected>('invalid')
    app
      .stream(source)
      .pipe(
        validate(Txn, { invalid, name: 'check' }),
        eventTime((t) => t.at, { outOfOrder: '30s' }),
        keyBy((t) => t.userId, { partitioned: true }),
      )
      .to(out)
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    for (const value of values) input.pipeBytes(Buffer.from('k'), Buffer.from(value), 7)
    const good = driver.createOutputTopic<string, Txn>(out).readValuesToList()
    const bad = driver.createOutputTopic<unknown, Rejected>(invalid).readValuesToList()
    const counters = driver.counters('check')
    driver.close()
    return { good, bad, counters }
  }

  it('passes rows that fit, as what the schema makes of them', () => {
    const { good, bad } = piped(JSON.stringify({ ...txn('a', 1), extra: true }))
    expect(good).to.deep.equal([txn('a', 1)])
    expect(bad).to.deep.equal([])
  })

  for (const [value, issue] of hostile) {
    it(`sends ${value} to invalid with position, node, issues and its own bytes`, () => {
      const fits = JSON.stringify(txn('a', 1))
      const { good, bad, counters } = piped(fits, value, fits)
      expect(good).to.have.length(2)
      expect(bad).to.have.length(1)
      expect(bad[0]).to.include({
        node: 'check',
        code: 'MILLRACE_DECODE',
        source: 'txns',
        split: 'txns:0',
        position: '2',
        key: 'k',
      })
      expect(bad[0]!.error).to.include(issue)
      expect(Buffer.from(bad[0]!.bytes!).toString()).to.equal(value)
      expect(counters).to.include({ taken: 3, forwarded: 2, deadLettered: 1, conserved: true })
    })
  }

  it('sends what is no JSON at all there, too, when the app says so', () => {
    const broken = sinkNamed<Rejected>('broken')
    const app = createApp({ id: 'operators', onError: { deadLetter: broken } })
    const source = embedded('txns', { value: json() })
    const out = sinkNamed<Txn>('out')
    app.stream(source).pipe(validate(Txn)).to(out)
    const driver = new TestDriver(app)
    const input = driver.createInputTopic(source)
    input.pipeBytes(null, Buffer.from('{"id":'))
    input.pipeInput('k', txn('a', 1))
    const [bad] = driver.createOutputTopic<unknown, Rejected>(broken).readValuesToList()
    expect(bad).to.include({ node: 'txns', code: 'MILLRACE_DECODE', position: '1' })
    expect(Buffer.from(bad!.bytes!).toString()).to.equal('{"id":')
    expect(driver.createOutputTopic(out).readValuesToList()).to.deep.equal([txn('a', 1)])
    driver.close()
  })
})
