import { expect } from 'chai'
import { createApp, embedded, json, string } from '@millrace/core'
import type { App, Clock, KTable, Sink, Source } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

const topic = <V = string>(name: string): Source<string, V> =>
  embedded(name, { key: string(), value: json<V>() })

type In = readonly [topic: string, key: string | null, value: unknown, time: number]

/** What each sink was given, as key, value and time. */
function run(
  rows: readonly In[],
  build: (app: App, out: (name?: string) => Sink<any>) => void,
  options: { clock?: Clock; crash?: boolean; counters?: string } = {},
): { rows: readonly unknown[]; driver: TestDriver } {
  const app = createApp({ id: 'tables', clock: options.clock ?? 'watermark', onError: 'skip' })
  build(app, (name = 'out') => sink(name))
  const driver = new TestDriver(app)
  for (const [name, key, value, time] of rows) {
    driver.createInputTopic<string, unknown>(name).pipeInput(key, value, time)
    if (options.crash === true) driver.crash()
  }
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
  const shown = driver
    .createOutputTopic<unknown, unknown>('test:out')
    .readRecordsToList()
    .map(({ key, value, timestamp }) => [key, value, timestamp])
  return { rows: shown, driver }
}

const changes = (table: KTable<any, any>, out: Sink<any>): void =>
  table.toStream({ tombstones: true }).to(out)

describe('a table', () => {
  it('shows each change of a source, equal ones too, and deletes by null', () => {
    const { rows } = run(
      [
        ['in', 'a', 'x', 1],
        ['in', 'a', 'x', 2],
        ['in', 'a', null, 3],
        ['in', 'a', null, 4],
      ],
      (app, out) => changes(app.table(topic('in')), out()),
    )
    expect(rows).deep.equal([
      ['a', 'x', 1],
      ['a', 'x', 2],
      ['a', null, 3],
      ['a', null, 4],
    ])
  })

  it('drops rows without a key and counts them', () => {
    const { rows, driver } = run([['in', null, 'x', 1]], (app, out) =>
      changes(app.table(topic('in')), out()),
    )
    expect(rows).deep.equal([])
    expect(driver.counters('in.table').reasons.get('null-key')).equal(1)
  })

  it('lets an older row overwrite a newer one, and notes it', () => {
    const { rows, driver } = run(
      [
        ['in', 'a', 'new', 9],
        ['in', 'a', 'old', 5],
        ['s', 'a', 's', 10],
      ],
      (app, out) => {
        const table = app.table(topic('in'))
        app
          .stream(topic('s'))
          .join(table, (s, t) => s + t)
          .to(out())
      },
    )
    expect(rows).deep.equal([['a', 'sold', 10]])
    expect(driver.counters('in.table').reasons.get('out-of-order')).equal(1)
  })

  it('gives its stream no tombstones unless asked, and counts them', () => {
    const { rows, driver } = run(
      [
        ['in', 'a', 'x', 1],
        ['in', 'a', null, 2],
      ],
      (app, out) => app.table(topic('in')).toStream({ name: 'rows' }).to(out()),
    )
    expect(rows).deep.equal([['a', 'x', 1]])
    expect(driver.counters('rows').reasons.get('tombstone')).equal(1)
  })

  it('writes tombstones to a sink as null', () => {
    const { rows } = run(
      [
        ['in', 'a', 'x', 1],
        ['in', 'a', null, 2],
      ],
      (app, out) => app.table(topic('in')).to(out()),
    )
    expect(rows).deep.equal([
      ['a', 'x', 1],
      ['a', null, 2],
    ])
  })

  it('is made of a stream, behind a repartition if its key was changed', () => {
    const { rows, driver } = run(
      [
        ['in', 'k', 'ab', 1],
        ['in', 'k', 'ac', 2],
        ['s', 'a', 's', 3],
      ],
      (app, out) => {
        const table = app
          .stream(topic('in'))
          .keyBy((v) => v[0]!)
          .toTable()
        app
          .stream(topic('s'))
          .join(table, (s, t) => s + t)
          .to(out())
      },
      { crash: true },
    )
    expect(rows).deep.equal([['a', 'sac', 3]])
    expect(driver.nodes).include('in.toTable-repartition')
  })

  it('keeps no store that nobody needs', () => {
    const app = createApp({ id: 'lean' })
    const table = app.table(topic('in'))
    table
      .mapValues((v) => v.length)
      .toStream()
      .to(sink('out'))
    const stores = (): number =>
      app.topology().nodes.flatMap((node) => (node.kind === 'row' ? node.stores() : [])).length
    expect(stores()).equal(0)
  })

  it('blames a function that throws, and leaves nothing behind', () => {
    const { rows, driver } = run(
      [
        ['in', 'a', 'x', 1],
        ['in', 'a', 'bad', 2],
        ['in', 'a', 'y', 3],
      ],
      (app, out) =>
        changes(
          app.table(topic('in')).mapValues(
            (v) => {
              if (v === 'bad') throw new Error('bad')
              return v
            },
            { name: 'mapped', materialized: true },
          ),
          out(),
        ),
    )
    expect(rows).deep.equal([
      ['a', 'x', 1],
      ['a', 'y', 3],
    ])
    expect(driver.counters('mapped').reasons.get('error')).equal(1)
  })

  it('refuses a promise', () => {
    expect(() =>
      run([['in', 'a', 'x', 1]], (app, out) =>
        app
          .table(topic('in'))
          .mapValues((v) => Promise.resolve(v))
          .to(out()),
      ),
    ).not.throws() // policy skip: the row is skipped
    const app = createApp({ id: 'promise' })
    app
      .table(topic('in'))
      .mapValues((v) => Promise.resolve(v))
      .to(sink('out'))
    expect(() =>
      new TestDriver(app).createInputTopic<string, string>('in').pipeInput('a', 'x', 1),
    ).throws(/toStream\(\)\.mapValuesAsync/)
  })
})

describe('a table that is filtered', () => {
  const rows: readonly In[] = [
    ['in', 'a', 1, 1],
    ['in', 'a', 2, 2],
    ['in', 'a', 3, 3],
  ]
  const even = (v: number): boolean => v % 2 === 0

  it('shows a tombstone for each row that does not pass, as it may have passed before', () => {
    expect(
      run(rows, (app, out) => changes(app.table(topic<number>('in')).filter(even), out())).rows,
    ).deep.equal([
      ['a', null, 1],
      ['a', 2, 2],
      ['a', null, 3],
    ])
  })

  it('is silent where the table above keeps its values: nothing was there, nothing is', () => {
    expect(
      run(rows, (app, out) =>
        changes(app.table(topic<number>('in'), { materialized: true }).filter(even), out()),
      ).rows,
    ).deep.equal([
      ['a', 2, 2],
      ['a', null, 3],
    ])
  })

  it('shows tombstones over a versioned table in any case', () => {
    expect(
      run(rows, (app, out) =>
        changes(
          app.table(topic<number>('in'), { versioned: { history: '1h' } }).filter(even),
          out(),
        ),
      ).rows,
    ).deep.equal([
      ['a', null, 1],
      ['a', 2, 2],
      ['a', null, 3],
    ])
  })
})

describe('a grouped table', () => {
  const rows: readonly In[] = [
    ['in', 'a', { g: 'x', n: 1 }, 5],
    ['in', 'b', { g: 'x', n: 2 }, 3],
    ['in', 'a', { g: 'y', n: 1 }, 4],
    ['in', 'b', { g: 'x', n: 5 }, 6],
    ['in', 'b', null, 7],
  ]
  interface V {
    readonly g: string
    readonly n: number
  }

  for (const mutating of [false, true])
    it(`takes the old value out of its group first, ${mutating ? 'in place' : 'as pure functions'}`, () => {
      const { rows: shown } = run(
        rows,
        (app, out) => {
          const groups = app.table(topic<V>('in')).groupBy((v) => [v.g, v.n])
          interface Log {
            text: string
          }
          const append = (log: Log, text: string): Log =>
            mutating ? Object.assign(log, { text: log.text + text }) : { text: log.text + text }
          changes(
            groups.aggregate(
              (): Log => ({ text: '' }),
              (log, n) => append(log, `+${n}`),
              (log, n) => append(log, `-${n}`),
            ),
            out(),
          )
        },
        { crash: true },
      )
      expect(shown).deep.equal([
        ['x', { text: '+1' }, 5],
        ['x', { text: '+1+2' }, 5],
        ['x', { text: '+1+2-1' }, 5],
        ['y', { text: '+1' }, 4],
        ['x', { text: '+1+2-1-2+5' }, 6],
        ['x', { text: '+1+2-1-2+5-5' }, 7],
      ])
    })

  it('counts, and leaves out what has no group', () => {
    const { rows: shown } = run(rows, (app, out) =>
      changes(
        app
          .table(topic<V>('in'))
          .groupBy((v) => (v.g === 'y' ? null : [v.g, v]))
          .count(),
        out(),
      ),
    )
    expect(shown).deep.equal([
      ['x', 1, 5],
      ['x', 2, 5],
      ['x', 1, 5],
      ['x', 1, 6],
      ['x', 0, 7],
    ])
  })

  it('does not change what a table behind it keeps, though its aggregates change in place', () => {
    const { rows: shown } = run(
      [
        ['in', 'a', { g: 'x', n: 1 }, 1],
        ['in', 'b', { g: 'x', n: 1 }, 2],
      ],
      (app, out) =>
        changes(
          app
            .table(topic<V>('in'))
            .groupBy((v) => [v.g, v.n])
            .aggregate(
              () => ({ n: 0 }),
              (a, n) => Object.assign(a, { n: a.n + n }),
              (a, n) => Object.assign(a, { n: a.n - n }),
            )
            .mapValues((v) => v, { name: 'kept', materialized: true })
            .groupBy((v) => ['all', v.n], { name: 'all' })
            .reduce(
              (a, n) => a + n,
              (a, n) => a - n,
              { name: 'total' },
            ),
          out(),
        ),
    )
    expect(shown).deep.equal([
      ['all', 1, 1],
      ['all', 2, 2],
    ])
  })
})

describe('two joined tables', () => {
  /** Left value, left null, right value, right null: what each kind shows for every pair of changes. */
  const before: readonly In[] = [
    ['a', 'k', 'L', 10],
    ['b', 'k', 'R', 20],
  ]
  const kinds = {
    join: [
      [['a', 'k', 'l', 15], 'lR', 20],
      [['a', 'k', null, 15], null, 20],
      [['b', 'k', 'r', 30], 'Lr', 30],
      [['b', 'k', null, 30], null, 30],
    ],
    leftJoin: [
      [['a', 'k', 'l', 15], 'lR', 20],
      [['a', 'k', null, 15], null, 20],
      [['b', 'k', 'r', 30], 'Lr', 30],
      [['b', 'k', null, 30], 'Lnull', 30],
    ],
    outerJoin: [
      [['a', 'k', 'l', 15], 'lR', 20],
      [['a', 'k', null, 15], 'nullR', 20],
      [['b', 'k', 'r', 30], 'Lr', 30],
      [['b', 'k', null, 30], 'Lnull', 30],
    ],
  } as const

  for (const [kind, cases] of Object.entries(kinds))
    for (const [row, value, time] of cases)
      it(`${kind}: ${row[0] === 'a' ? 'left' : 'right'} becomes ${row[2]}`, () => {
        const { rows } = run([...before, row], (app, out) => {
          const a = app.table(topic('a'))
          const b = app.table(topic('b'))
          const put = (l: string | null, r: string | null): string => `${l}${r}`
          const joined =
            kind === 'join'
              ? a.join(b, put)
              : kind === 'leftJoin'
                ? a.leftJoin(b, put)
                : a.outerJoin(b, put)
          changes(joined, out())
        })
        expect(rows.at(-1)).deep.equal(['k', value, time])
      })

  it('join themselves: each change shows twice, with the new value on both sides', () => {
    const { rows } = run([['a', 'k', 'v', 1]], (app, out) => {
      const a = app.table(topic('a'))
      changes(
        a.join(a, (l, r) => l + r),
        out(),
      )
    })
    expect(rows).deep.equal([
      ['k', 'vv', 1],
      ['k', 'vv', 1],
    ])
  })

  it('show a tombstone for a row that never was, and nothing for one without a partner', () => {
    const { rows } = run(
      [
        ['a', 'k', 'l', 1],
        ['a', 'm', null, 2],
        ['b', 'k', null, 3],
        ['b', 'm', 'r', 4],
        ['a', 'm', null, 5],
      ],
      (app, out) =>
        changes(
          app.table(topic('a')).join(app.table(topic('b')), (l, r) => l + r),
          out(),
        ),
    )
    expect(rows).deep.equal([
      ['k', null, 3],
      ['m', null, 5],
    ])
  })

  it('ignore a change of a versioned table that is not the latest of its key', () => {
    const { rows, driver } = run(
      [
        ['b', 'k', 'r', 1],
        ['a', 'k', 'new', 10],
        ['a', 'k', 'old', 5],
      ],
      (app, out) =>
        changes(
          app
            .table(topic('a'), { versioned: { history: '1h' } })
            .join(app.table(topic('b')), (l, r) => l + r, { name: 'joined' }),
          out(),
        ),
    )
    expect(rows).deep.equal([['k', 'newr', 10]])
    expect(driver.counters('joined').reasons.get('not-latest')).equal(1)
  })

  it('refuse what is no table', () => {
    const app = createApp({ id: 'wrong' })
    const a = app.table(topic('a'))
    const s = app.stream(topic('s'))
    expect(() => a.join(s as never, () => 1)).throws(/call toTable\(\)/)
    const g = app.globalTable(topic('g'))
    expect(() => a.leftJoin(g as never, () => 1)).throws(/global table is joined by streams/)
  })
})

describe('a stream joined with a table', () => {
  it('sees the value of the moment, at its own time; the table makes no rows', () => {
    const { rows, driver } = run(
      [
        ['s', 'k', 'a', 1],
        ['t', 'k', 'x', 50],
        ['s', 'k', 'b', 2],
        ['t', 'k', null, 51],
        ['s', 'k', 'c', 3],
      ],
      (app, out) =>
        app
          .stream(topic('s'))
          .leftJoin(app.table(topic('t')), (s, t) => `${s}${t}`, { name: 'joined' })
          .to(out()),
    )
    expect(rows).deep.equal([
      ['k', 'anull', 1],
      ['k', 'bx', 2],
      ['k', 'cnull', 3],
    ])
    expect(driver.counters('joined')).include({ taken: 5, forwarded: 3, absorbed: 2 })
  })

  it('inner: drops what finds nothing; left: keeps a row without a key, through a repartition too', () => {
    const input: readonly In[] = [
      ['s', null, 'a', 1],
      ['s', 'k', 'b', 2],
    ]
    const inner = run(input, (app, out) =>
      app
        .stream(topic('s'))
        .join(app.table(topic('t')), (s, t) => `${s}${t}`, { name: 'joined' })
        .to(out()),
    )
    expect(inner.rows).deep.equal([])
    expect(Object.fromEntries(inner.driver.counters('joined').reasons)).deep.equal({
      'null-key': 1,
      unmatched: 1,
    })
    const left = run(input, (app, out) =>
      app
        .stream(topic('s'))
        .keyBy((_, key) => key)
        .leftJoin(app.table(topic('t')), (s, t) => `${s}${t}`)
        .to(out()),
    )
    expect(left.rows).deep.equal([
      [null, 'anull', 1],
      ['k', 'bnull', 2],
    ])
  })

  it('that is global: by the mapped key alone', () => {
    const input: readonly In[] = [
      ['g', 'x', 'X', 1],
      ['s', null, 'x', 2],
      ['s', 'k', 'none', 3],
      ['s', 'k', 'null', 4],
    ]
    const key = (v: string): string | null => (v === 'null' ? null : v)
    const put = (s: string, g: string | null): string => `${s}${g}`
    const inner = run(input, (app, out) =>
      app
        .stream(topic('s'))
        .join(app.globalTable(topic('g')), put, { key, name: 'j' })
        .to(out()),
    )
    expect(inner.rows).deep.equal([[null, 'xX', 2]])
    expect(Object.fromEntries(inner.driver.counters('j').reasons)).deep.equal({
      unmatched: 1,
      'join-key-null': 1,
    })
    const left = run(input, (app, out) =>
      app
        .stream(topic('s'))
        .leftJoin(app.globalTable(topic('g')), put, { key })
        .to(out()),
    )
    expect(left.rows).deep.equal([
      [null, 'xX', 2],
      ['k', 'nonenull', 3],
      ['k', 'nullnull', 4],
    ])
  })

  it('has no outer join', () => {
    const app = createApp({ id: 'outer' })
    const table = app.table(topic('t'))
    expect(() =>
      app.stream(topic('s')).outerJoin(table as never, () => 1, undefined as never),
    ).throws(/no outerJoin/)
  })
})

describe('a versioned table', () => {
  const versions = { versioned: { history: '100ms' } } as const

  it('is joined as of the time of the row, at the bounds of a version', () => {
    const { rows } = run(
      [
        ['t', 'k', 'v10', 10],
        ['t', 'k', 'v20', 20],
        ['s', 'k', 's', 9],
        ['s', 'k', 's', 10],
        ['s', 'k', 's', 19],
        ['s', 'k', 's', 20],
      ],
      (app, out) =>
        app
          .stream(topic('s'))
          .leftJoin(app.table(topic('t'), versions), (_, t) => `${t}`)
          .to(out()),
      { clock: 'streamTime', crash: true },
    )
    expect(rows.map((row) => (row as unknown[])[1])).deep.equal(['null', 'v10', 'v10', 'v20'])
  })

  it('drops a row that is older than the history, and a read beyond it finds the newest only', () => {
    const { rows, driver } = run(
      [
        ['t', 'k', 'v10', 10],
        ['t', 'k', 'v50', 50],
        ['t', 'm', 'far', 151],
        ['t', 'k', 'late', 50],
        ['s', 'k', 's', 50],
        ['s', 'k', 's', 49],
      ],
      (app, out) =>
        app
          .stream(topic('s'))
          .leftJoin(app.table(topic('t'), versions), (_, t) => `${t}`)
          .to(out()),
      { clock: 'streamTime' },
    )
    expect(rows.map((row) => (row as unknown[])[1])).deep.equal(['v50', 'null'])
    expect(driver.counters('t.table').reasons.get('expired-version')).equal(1)
  })

  it('remembers after a restart what was too old before it', () => {
    const { driver } = run(
      [
        ['t', 'm', 'far', 500],
        ['t', 'k', 'late', 399],
        ['t', 'k', 'kept', 400],
      ],
      (app, out) => app.table(topic('t'), versions).to(out()),
      { clock: 'streamTime', crash: true },
    )
    expect(driver.createOutputTopic('test:out').queueSize).equal(0)
  })

  it('lets rows wait for older changes, and joins at once what is older than that', () => {
    const { rows } = run(
      [
        ['s', 'b', 'b', 10],
        ['s', 'a', 'a', 10],
        ['s', 'a', 'again', 10],
        ['t', 'a', 'late', 8],
        ['s', 'c', 'c', 15],
        ['s', 'a', 'old', 9],
      ],
      (app, out) =>
        app
          .stream(topic('s'))
          .leftJoin(app.table(topic('t'), versions), (s, t) => [s, t], { grace: '5ms' })
          .to(out()),
      { clock: 'streamTime', crash: true },
    )
    expect(rows).deep.equal([
      ['a', ['a', 'late'], 10],
      ['a', ['again', 'late'], 10],
      ['b', ['b', null], 10],
      ['a', ['old', 'late'], 9],
    ])
  })

  it('is what grace needs, with a history of at least as much', () => {
    const app = createApp({ id: 'grace' })
    const stream = app.stream(topic('s'))
    const plain = app.table(topic('p'))
    const short = app.table(topic('t'), versions)
    const put = (s: string): string => s
    expect(() => stream.join(plain, put, { grace: '1s' })).throws(/needs a versioned table/)
    expect(() => stream.join(short, put, { grace: '1s' })).throws(/history of 100 ms/)
    expect(() =>
      stream.join(
        short.filter(() => true),
        put,
        { grace: '100ms' },
      ),
    ).not.throws()
  })
})
