// What the recorded cases do not use of the vocabulary, and what is refused.
import { expect } from 'chai'
import type { Case, Input, Plan, PlanNode } from '../src/case.ts'
import { checkCase } from '../src/check-case.ts'
import { plainMode } from '../src/run/modes.ts'
import { memoryStores } from '../src/run/stores.ts'

type Row = readonly [key: unknown, value: unknown, ts: number]
/** A row that left, and the input behind it. */
type Shown = readonly [key: unknown, value: unknown, ts: number, after: number]

const text = { key: 'string', value: 'string' }

describe('vocabulary', () => {
  it('takes the time from an extractor, which sees the time reached so far, and counts what it refuses', async () => {
    await holds({
      nodes: [
        {
          id: 'in',
          op: 'stream',
          topic: 'in',
          timestampExtractor: "(k, v, ts, reached) => v === 'bad' ? -1 : ts + reached",
        },
        to('in'),
      ],
      rows: [
        ['A', 'a', 10],
        ['A', 'bad', 20],
        ['A', 'b', 30],
      ],
      shown: [
        ['A', 'a', 9, 0],
        ['A', 'b', 39, 2],
      ],
      drops: 1,
    })
  })

  it('has the stateless ops of streams', async () => {
    await holds({
      nodes: [
        stream(),
        { id: 'many', op: 'flatMapValues', from: 'in', fn: '(v, k) => [v, k + v]' },
        { id: 'some', op: 'filterNot', from: 'many', fn: "(k, v) => v === 'a'" },
        {
          id: 'split',
          op: 'split',
          from: 'some',
          branches: [{ id: 'b', fn: "(k, v) => v === 'b'" }],
        },
        to('b'),
      ],
      rows: [
        ['A', 'a', 1],
        ['A', 'b', 2],
      ],
      shown: [['A', 'b', 2, 1]],
    })
  })

  it('knows every type', async () => {
    for (const [type, values] of Object.entries({
      string: ['', 'ä'],
      integer: [-1, 2 ** 31 - 1],
      long: [-(2 ** 53) + 1, 2 ** 53 - 1],
      double: [-0.5, 1e300],
      json: [{ a: [1, null] }, 'text'],
      'windowed<string>': [
        { windowed: 'A', start: 0, end: 10 },
        { windowed: 'A', start: 0, end: 2 ** 63 },
      ],
    }))
      await holds({
        topics: { in: { key: 'string', value: type } },
        nodes: [
          stream(),
          { id: 'table', op: 'toTable', from: 'in', materialized: true },
          { id: 'rows', op: 'toStream', from: 'table' },
          to('rows', 'string', type),
        ],
        rows: values.map((value, i) => ['A', value, i]),
        shown: values.map((value, i) => ['A', value, i, i]),
      })
  })

  it('orders stores by the bytes of their keys', async () => {
    const put = '(k, v, ts, ctx) => { ctx.store(`s`).put(v, k); '
    const all = "ctx.forward(k, ctx.store('s').all().map(([key]) => key).join(), ts) }"
    await holds({
      topics: { in: { key: 'string', value: 'integer' } },
      nodes: [
        stream(),
        {
          id: 'p',
          op: 'process',
          from: 'in',
          fn: put + all,
          stores: [{ name: 's', type: 'keyValue', keyType: 'integer', valueType: 'string' }],
          valueType: 'string',
        },
        to('p'),
      ],
      rows: [
        ['A', -1, 1],
        ['A', 1, 2],
        ['A', 256, 3],
      ],
      shown: [
        ['A', '-1', 1, 0],
        ['A', '1,-1', 2, 1],
        ['A', '1,256,-1', 3, 2],
      ],
    })
  })

  it('shows a processor the time of its task, and its stores', async () => {
    await holds({
      nodes: [
        stream(),
        {
          id: 'p',
          op: 'process',
          from: 'in',
          fn: `(k, v, ts, ctx) => {
            const s = ctx.store('s')
            const before = s.get(v)
            s.put(v, String(ts))
            if (v === 'c') s.delete('a')
            const some = s.range('a', 'b').map(([key]) => key).join()
            ctx.forward(k, [before, some, ctx.streamTime(), ctx.systemTime()].join('|'), ts)
          }`,
          stores: [{ name: 's', type: 'keyValue', keyType: 'string', valueType: 'string' }],
        },
        to('p'),
      ],
      rows: [
        ['A', 'a', 5],
        ['A', 'b', 3],
        ['A', 'a', 4],
        ['A', 'c', 9],
      ],
      shown: [
        ['A', '|a|5|0', 5, 0],
        ['A', '|a,b|5|0', 3, 1],
        ['A', '5|a,b|5|0', 4, 2],
        ['A', '|b|9|0', 9, 3],
      ],
    })
  })

  it('calls transformValues for tombstones', async () => {
    await holds({
      nodes: [
        { id: 't', op: 'table', topic: 'in' },
        { id: 'm', op: 'transformValues', from: 't', fn: "(v, k) => v === null ? 'gone' : v + k" },
        { id: 'rows', op: 'toStream', from: 'm' },
        to('rows'),
      ],
      rows: [
        ['A', 'a', 1],
        ['A', null, 2],
      ],
      shown: [
        ['A', 'aA', 1, 0],
        ['A', 'gone', 2, 1],
      ],
    })
  })

  it('reduces groups of tables', async () => {
    await holds({
      topics: { in: { key: 'string', value: 'integer' } },
      nodes: [
        { id: 't', op: 'table', topic: 'in' },
        { id: 'g', op: 'groupBy', from: 't', fn: "(k, v) => v > 100 ? null : ['all', v]" },
        {
          id: 'r',
          op: 'reduce',
          from: 'g',
          adder: '(a, v) => a + v',
          subtractor: '(a, v) => a - v',
        },
        { id: 'rows', op: 'toStream', from: 'r' },
        to('rows', 'string', 'integer'),
      ],
      rows: [
        ['A', 1, 1],
        ['B', 5, 2],
        ['A', 3, 3],
        ['B', 101, 4],
      ],
      shown: [
        ['all', 1, 1, 0],
        ['all', 6, 2, 1],
        ['all', 8, 3, 2],
        ['all', 3, 4, 3],
      ],
    })
  })

  it('joins as of the time of a row with a versioned table, and waits for its grace', async () => {
    const topics = { left: text, right: text }
    const nodes = (grace: object): readonly PlanNode[] => [
      { id: 'l', op: 'stream', topic: 'left' },
      { id: 'r', op: 'table', topic: 'right', versioned: { historyRetentionMs: 1_000 } },
      {
        id: 'j',
        op: 'join',
        from: 'l',
        with: 'r',
        kind: 'stream-table',
        fn: '(l, r) => l + r',
        valueType: 'string',
        ...grace,
      },
      to('j'),
    ]
    const inputs = [
      row('right', 'A', 'r1', 10),
      row('right', 'A', 'r2', 20),
      row('left', 'A', 'l', 15),
      row('left', 'A', 'm', 26),
    ]
    const now: readonly Shown[] = [
      ['A', 'lr1', 15, 2],
      ['A', 'mr2', 26, 3],
    ]
    await holds({ topics, nodes: nodes({}), inputs, shown: now })
    await holds({ topics, nodes: nodes({ graceMs: 10 }), inputs, shown: [['A', 'lr1', 15, 3]] })
  })

  it('cogroups into windows of every kind', async () => {
    const window = { type: 'sliding', timeDifferenceMs: 10, graceMs: 0 }
    await holds(cogrouped(window, {}), [
      [{ windowed: 'A', start: 90, end: 100 }, 'l1', 100, 0],
      [{ windowed: 'A', start: 101, end: 111 }, 'r2', 105, 1],
      [{ windowed: 'A', start: 95, end: 105 }, 'l1r2', 105, 1],
    ])
    const merger = { merger: '(k, a, b) => a + b' }
    await holds(cogrouped({ type: 'session', inactivityGapMs: 10, graceMs: 0 }, merger), [
      [{ windowed: 'A', start: 100, end: 100 }, 'l1', 100, 0],
      [{ windowed: 'A', start: 100, end: 100 }, null, 100, 1],
      [{ windowed: 'A', start: 100, end: 105 }, 'l1r2', 105, 1],
    ])
  })

  it('fails where a buffer is full, with all rows before that', async () => {
    const suppress = {
      id: 's',
      op: 'suppress',
      from: 't',
      until: 'timeLimit',
      ms: 1_000,
      buffer: { maxRecords: 1, whenFull: 'shutDown' },
    }
    const nodes = [
      { id: 't', op: 'table', topic: 'in' },
      suppress,
      { id: 'rows', op: 'toStream', from: 's' },
      to('rows'),
    ]
    const rows: readonly Row[] = [
      ['A', 'a', 1],
      ['A', 'b', 2],
      ['B', 'c', 3],
    ]
    await holds({ nodes, rows, shown: [], failsAfter: 2 })
    expect(await because({ nodes, rows, shown: [] })).match(/^input 2: /)
    expect(await because({ nodes, rows, shown: [], failsAfter: 1 })).match(/^input 2: /)
  })

  it('fails loudly at an op, a parameter, a type, a function, a node that nobody knows', async () => {
    const cases: readonly (readonly [RegExp, readonly PlanNode[]])[] = [
      [/unknown op reticulate/, [stream(), { id: 'x', op: 'reticulate', from: 'in' }]],
      [/unknown op constructor/, [stream(), { id: 'x', op: 'constructor', from: 'in' }]],
      [/unknown parameter speed/, [stream(), { ...to('in'), speed: 1 }]],
      [/unknown type bigint/, [stream(), { ...to('in'), valueType: 'bigint' }]],
      [/parameter fn is undefined/, [stream(), { id: 'x', op: 'map', from: 'in' }]],
      [/is no function/, [stream(), { id: 'x', op: 'map', from: 'in', fn: '(k, v' }]],
      [/no node nowhere/, [stream(), to('nowhere')]],
      [/is a stream, and must be a table/, [stream(), { id: 'x', op: 'toStream', from: 'in' }]],
      [/no outer join/, [stream(), { id: 'x', op: 'outerJoin', from: 'in', kind: 'foreign-key' }]],
      [
        /type is "weekly"/,
        [
          stream(),
          { id: 'g', op: 'groupByKey', from: 'in' },
          { id: 'w', op: 'windowedBy', from: 'g', window: { type: 'weekly' } },
        ],
      ],
    ]
    for (const [message, nodes] of cases) expect(await because({ nodes, rows: [] })).match(message)
    expect(await because({ nodes: [to('in')], rows: [], config: { turbo: true } })).match(/turbo/)
  })

  it('tells a difference by sink, row and input', async () => {
    const nodes = [stream(), to('in')]
    const rows: readonly Row[] = [['A', 'a', 1]]
    expect(await because({ nodes, rows, shown: [] })).equal(
      'sink out, row 0: expected no row, got "A" "a" @1 after 0',
    )
    expect(await because({ nodes, rows, shown: [['A', 'a', 1, 0]], drops: 1 })).equal(
      'drops: expected 1, got 0',
    )
  })
})

interface Written {
  readonly topics?: Plan['topics']
  readonly config?: object
  readonly nodes: readonly PlanNode[]
  readonly rows?: readonly Row[]
  readonly inputs?: readonly Input[]
  readonly shown?: readonly Shown[]
  readonly drops?: number
  readonly failsAfter?: number
}

function stream(): PlanNode {
  return { id: 'in', op: 'stream', topic: 'in' }
}

function to(from: string, keyType: string = 'string', valueType: string = 'string'): PlanNode {
  return { id: 'out', op: 'to', from, topic: 'out', keyType, valueType }
}

function row(topic: string, key: unknown, value: unknown, ts: number): Input {
  return { topic, key, value, ts }
}

function cogrouped(window: object, merger: object): Written {
  return {
    topics: { left: text, right: text },
    nodes: [
      { id: 'l', op: 'stream', topic: 'left' },
      { id: 'r', op: 'stream', topic: 'right' },
      { id: 'lg', op: 'groupByKey', from: 'l' },
      { id: 'rg', op: 'groupByKey', from: 'r' },
      {
        id: 'c',
        op: 'cogroup',
        inputs: [
          { from: 'lg', fn: '(k, v, a) => a + v' },
          { from: 'rg', fn: '(k, v, a) => a + v' },
        ],
        valueType: 'string',
      },
      { id: 'w', op: 'windowedBy', from: 'c', window },
      { id: 'a', op: 'aggregate', from: 'w', init: "() => ''", ...merger, valueType: 'string' },
      { id: 'rows', op: 'toStream', from: 'a' },
      to('rows', 'windowed<string>'),
    ],
    inputs: [row('left', 'A', 'l1', 100), row('right', 'A', 'r2', 105)],
  }
}

async function holds(
  written: Written,
  shown: readonly Shown[] = written.shown ?? [],
): Promise<void> {
  expect(await because({ ...written, shown })).equal('passed')
}

async function because(written: Written): Promise<string> {
  const { topics = { in: text }, nodes, rows = [], shown = [], drops, failsAfter, config } = written
  const test: Case = {
    name: 'written here',
    plan: { topics, nodes, ...(config === undefined ? {} : { config }) },
    inputs: written.inputs ?? rows.map(([key, value, ts]) => row('in', key, value, ts)),
    expected: shown.map(([key, value, ts, after]) => ({ sink: 'out', key, value, ts, after })),
    ...(drops === undefined ? {} : { expectedDroppedRecords: drops }),
    ...(failsAfter === undefined ? {} : { expectedFailure: { after: failsAfter } }),
  }
  const verdict = await checkCase(test, plainMode, memoryStores)
  return verdict.kind === 'passed' ? 'passed' : verdict.because
}
