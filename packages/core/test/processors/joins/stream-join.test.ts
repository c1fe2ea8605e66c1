import { expect } from 'chai'
import { createApp, embedded, json, string } from '@millrace/core'
import type { App, Clock, KStream, Source, StreamJoinOptions } from '@millrace/core'
import { shake, TestDriver } from '@millrace/core/testing'
import { sink } from '../../runtime/random-graph.ts'

type Kind = 'join' | 'leftJoin' | 'outerJoin'
type Streams = Readonly<Record<'left' | 'right', KStream<string, string>>>

function source(topic: string): Source<string, string> {
  return Object.freeze({
    ...embedded(topic, { key: string(), value: json<string>() }),
    nulls: 'pass',
  })
}

function streams(app: App): Streams {
  return { left: app.stream(source('left')), right: app.stream(source('right')) }
}

/** Pipes rows of two topics one by one, and shows the results as text. */
class Joined {
  readonly driver: TestDriver
  readonly #inputs

  constructor(
    clock: Clock,
    kind: Kind,
    options: StreamJoinOptions,
    join: (l: string | null, r: string | null, k: string) => string = (l, r) => `${l}+${r}`,
    shape: (streams: Streams) => Streams = (same) => same,
  ) {
    const app = createApp({ id: 'joined', clock })
    const { left, right } = shape(streams(app))
    const named = { name: 'joined', ...options }
    const joined =
      kind === 'join'
        ? left.join(right, join, named)
        : kind === 'leftJoin'
          ? left.leftJoin(right, join, named)
          : left.outerJoin(right, join, named)
    joined.to(sink('out'))
    this.driver = new TestDriver(app)
    this.#inputs = {
      left: this.driver.createInputTopic<string, string>('left'),
      right: this.driver.createInputTopic<string, string>('right'),
    }
  }

  left(key: string | null, value: string | null, time: number): readonly string[] {
    this.#inputs.left.pipeInput(key, value, time)
    return this.read('out')
  }

  right(key: string | null, value: string | null, time: number): readonly string[] {
    this.#inputs.right.pipeInput(key, value, time)
    return this.read('out')
  }

  read(name: string): readonly string[] {
    expect(this.driver.counters('joined').conserved).equal(true)
    return this.driver
      .createOutputTopic<string, unknown>(`test:${name}`)
      .readRecordsToList()
      .map(({ key, value, timestamp }) => `${key} ${textOf(value)} @${timestamp}`)
  }

  get reasons(): unknown {
    return Object.fromEntries(this.driver.counters('joined').reasons)
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (value as { value: string }).value
}

const within = { before: '5ms', after: '10ms' } as const

describe('a join of two streams', () => {
  for (const clock of ['streamTime', 'watermark'] as const)
    describe(`by ${clock}`, () => {
      it('pairs rows of a key that are near enough, at the higher of their times', () => {
        const joined = new Joined(clock, 'join', { within, grace: '1h' })
        joined.right('k', 'r95', 95)
        joined.right('k', 'r94', 94)
        joined.right('other', 'r95', 95)
        joined.right('k', 'r110', 110)
        joined.right('k', 'r111', 111)
        expect(joined.left('k', 'l', 100)).deep.equal(['k l+r95 @100', 'k l+r110 @110'])
        expect(joined.right('k', 'r104', 104)).deep.equal(['k l+r104 @104'])
      })

      it('keeps each of several rows with one key and time, in their order', () => {
        const joined = new Joined(clock, 'join', { within, grace: '1h' })
        for (const value of ['a', 'b', 'a']) joined.left('k', value, 7)
        expect(joined.right('k', 'r', 7)).deep.equal(['k a+r @7', 'k b+r @7', 'k a+r @7'])
      })

      it('treats nulls by their side', () => {
        const inner = new Joined(clock, 'join', { within })
        inner.left(null, 'l', 1)
        inner.right(null, 'r', 1)
        inner.left('k', null, 1)
        expect(inner.right('k', 'r', 1)).deep.equal([])
        expect(inner.reasons).deep.equal({ 'null-key': 2, 'null-value': 1 })

        const left = new Joined(clock, 'leftJoin', { within })
        expect(left.left(null, 'l', 1)).deep.equal(['null l+null @1'])
        expect(left.right(null, 'r', 1)).deep.equal([])
        expect(left.left(null, null, 1)).deep.equal([])
        expect(left.reasons).deep.equal({ 'null-key': 2 })

        const outer = new Joined(clock, 'outerJoin', { within })
        expect(outer.left(null, 'l', 1)).deep.equal(['null l+null @1'])
        expect(outer.right(null, 'r', 1)).deep.equal(['null null+r @1'])
        expect(outer.right('k', null, 1)).deep.equal([])
        expect(outer.reasons).deep.equal({ 'null-value': 1 })
      })

      it('does not keep a row whose join function threw, nor anything of it', () => {
        let broken = true
        const joined = new Joined(clock, 'outerJoin', { within, onError: 'skip' }, (l, r) => {
          if (broken && l === 'bad' && r === 'r2') throw new Error('no')
          return `${l}+${r}`
        })
        joined.right('k', 'r1', 10)
        joined.right('k', 'r2', 10)
        expect(joined.left('k', 'bad', 10)).deep.equal([])
        broken = false
        expect(joined.right('k', 'r3', 10)).deep.equal([])
        expect(joined.left('k', 'good', 10)).deep.equal([
          'k good+r1 @10',
          'k good+r2 @10',
          'k good+r3 @10',
        ])
        expect(joined.reasons).deep.equal({ error: 1 })
      })

      it('fails the task when the join function throws for a row that leaves alone', () => {
        const joined = new Joined(clock, 'leftJoin', { within, onError: 'skip' }, (l, r) => {
          if (r === null) throw new Error(`nobody for ${l}`)
          return `${l}+${r}`
        })
        joined.left('k', 'l', 10)
        expect(() => {
          joined.right('other', 'r', 1_000)
          joined.left('other', 'l', 1_000)
        }).throws(/nobody for l/)
      })

      it('keeps what it was given, whatever becomes of the row further down', () => {
        const app = createApp({ id: 'kept', clock })
        const rows = app.stream(embedded('rows', { key: string(), value: json<{ n: number }>() }))
        rows
          .join(rows, (l, r) => [l.n, r.n] as const, { within: '5ms', grace: '1s' })
          .to(sink('out'))
        rows.foreach((row) => {
          row.n = -1
        })
        const driver = new TestDriver(app)
        const input = driver.createInputTopic<string, { n: number }>('rows')
        input.pipeInput('k', { n: 1 }, 1)
        input.pipeInput('k', { n: 2 }, 2)
        expect(driver.createOutputTopic('test:out').readValuesToList()).deep.equal([
          [1, 1],
          [2, 1],
          [1, 2],
          [2, 2],
        ])
      })

      it('meets rows behind changed keys, rows without a key included where its side is outer', () => {
        const joined = new Joined(clock, 'leftJoin', { within, grace: '1h' }, undefined, (it) => ({
          left: it.left.keyBy((value) => (value === 'nobody' ? (null as never) : value)),
          right: it.right.keyBy((value) => value),
        }))
        joined.right('x', 'a', 5)
        expect(joined.left('y', 'a', 5)).deep.equal(['a a+a @5'])
        expect(joined.left('y', 'nobody', 6)).deep.equal(['null nobody+null @6'])
        expect(joined.driver.nodes.filter((name) => name.endsWith('-repartition'))).deep.equal([
          'joined-left-repartition',
          'joined-right-repartition',
        ])
      })

      it('crosses one log when a stream with a new key is joined with itself', () => {
        const joined = new Joined(clock, 'join', { within, grace: '1h' }, undefined, (it) => {
          it.right.to(sink('unused'))
          const left = it.left.keyBy((value) => value[0]!)
          return { left, right: left }
        })
        expect(joined.left('x', 'a1', 5)).deep.equal(['a a1+a1 @5'])
        expect(joined.left('y', 'a2', 6)).deep.equal(['a a2+a1 @6', 'a a1+a2 @6', 'a a2+a2 @6'])
      })

      it('does not depend on how the two topics were fetched, nor on crashes', async () => {
        const wire = (value: unknown): Uint8Array => new TextEncoder().encode(value as string)
        const rowsOf = (side: string) =>
          Array.from({ length: 150 }, (_, i) => ({
            key: wire(`k${(i * 7) % 5}`),
            value: wire(JSON.stringify(`${side}${i}`)),
            timestamp: i * 3 + (side === 'l' ? 0 : (i % 4) * 2),
          }))
        const inputs = new Map([
          ['left', rowsOf('l')],
          ['right', rowsOf('r')],
        ])
        const results: unknown[] = []
        for (const [seed, batchRows, crash] of [
          [1, 1, 0],
          [2, 7, 0],
          [3, 1_000, 0],
          [4, 3, 0.02],
          [5, 20, 0.05],
        ] as const) {
          const app = createApp({ id: 'fetched', clock })
          const { left, right } = streams(app)
          left.outerJoin(right, (l, r) => `${l}+${r}`, { within, name: 'joined' }).to(sink('out'))
          const { outputs, conserved } = await shake(app, { seed, inputs, batchRows, crash })
          expect(conserved).equal(true)
          results.push(outputs.get('test:out')!.map((row) => [row.key, row.value, row.timestamp]))
        }
        expect((results[0] as unknown[]).length).greaterThan(100)
        for (const result of results) expect(result).deep.equal(results[0])
      })

      it('stays linear on a hot key', function () {
        this.timeout(120_000)
        const seconds = (rows: number): number => {
          const joined = new Joined(clock, 'leftJoin', { within: '5ms' })
          const list = Array.from({ length: rows }, (_, i) => ({
            key: 'hot',
            value: 'v',
            timestamp: Math.floor(i / 2_000),
          }))
          const input = joined.driver.createInputTopic<string, string>('left')
          const began = performance.now()
          input.pipeRecordList(list)
          joined.right('hot', 'r', 1)
          return performance.now() - began
        }
        seconds(2_000)
        const [few, many] = [seconds(20_000), seconds(100_000)]
        expect(many / few).lessThan(20)
      })
    })

  describe('by stream time', () => {
    it('counts a row that its store no longer takes, also when it finds a partner', () => {
      const joined = new Joined('streamTime', 'join', { within: '10ms' })
      joined.left('other', 'l', 100)
      joined.right('k', 'r', 75)
      expect(joined.left('k', 'l', 80)).deep.equal(['k l+r @80'])
      expect(joined.left('k', 'l', 60)).deep.equal([])
      expect(joined.left('k', null, 60)).deep.equal([])
      expect(joined.reasons).deep.equal({ 'expired-window': 3, 'null-value': 1 })
    })

    it('lets rows leave alone before the row that has closed them is joined', () => {
      const joined = new Joined('streamTime', 'outerJoin', { within: '5ms' })
      joined.left('a', 'l', 10)
      joined.right('b', 'r', 10)
      joined.left('b', 'l', 13)
      expect(joined.left('c', 'l', 100)).deep.equal(['a l+null @10'])
    })

    it('lets more rows leave than a slice holds, in order, with the row that closed them behind', () => {
      const joined = new Joined('streamTime', 'leftJoin', { within: '5ms' })
      for (let i = 0; i < 3_000; i++) joined.left(`k${i}`, `${i}`, i % 5)
      joined.left('k', 'l', 5)
      const last = joined.right('k', 'r', 10)
      expect(last.length).equal(3_001)
      expect(last.at(-1)).equal('k l+r @10')
      const times = last.map((row) => Number(row.split('@')[1]))
      expect(times).deep.equal(times.toSorted((a, b) => a - b))
    })
  })

  describe('by the watermark', () => {
    const ordered = { within, grace: '2ms' } as const

    it('lets a row leave alone once nobody can come any more', () => {
      const joined = new Joined('watermark', 'outerJoin', ordered)
      joined.left('a', 'l', 100)
      joined.right('b', 'r', 100)
      // Open while T <= ts + after + grace, seen from each side: 107 on the right, 112 on the left.
      expect(joined.left('x', 'l', 107)).deep.equal([])
      expect(joined.right('x', 'r', 107)).deep.equal(['x l+r @107'])
      expect(joined.left('x', 'l', 300)).deep.equal([])
      expect(joined.right('y', 'r', 108)).deep.equal(['b null+r @100'])
      expect(joined.right('y', 'r', 112)).deep.equal([])
      expect(joined.right('y', 'r', 113)).deep.equal(['a l+null @100'])
    })

    it('lets rows that become due together leave by time, the right one first, then by key', () => {
      const joined = new Joined('watermark', 'outerJoin', { within: '5ms' })
      joined.left('b', 'l2', 10)
      joined.left('a', 'l1', 10)
      joined.right('c', 'r', 10)
      joined.right('d', 'r', 9)
      joined.left('x', 'l', 100)
      expect(joined.right('x', 'r', 100)).deep.equal([
        'x l+r @100',
        'd null+r @9',
        'c null+r @10',
        'a l1+null @10',
        'b l2+null @10',
      ])
    })

    it('gives late rows to the stream of their side', () => {
      const joined = new Joined('watermark', 'join', {
        within,
        late: {
          left: sink('late-left'),
          right: (late) => late.filter(({ lateBy }) => lateBy > 50).to(sink('late-right')),
        },
      })
      joined.left('k', 'l', 100)
      joined.right('k', 'r', 101)
      expect(joined.left('k', 'on time', 90)).deep.equal(['k on time+r @101'].slice(1))
      expect(joined.left('k', 'late', 89)).deep.equal([])
      expect(joined.read('late-left')).deep.equal(['k late @89'])
      joined.right('k', 'on time', 95)
      joined.right('k', 'late', 94)
      joined.right('k', 'very late', 1)
      expect(joined.read('late-right')).deep.equal(['k very late @1'])
      expect(joined.driver.counters('joined')).include({ late: 3 })
    })

    it('has no late rows on an outer side: they leave alone at once', () => {
      const joined = new Joined('watermark', 'leftJoin', { within, late: { right: sink('late') } })
      joined.left('k', 'l', 100)
      joined.right('k', 'r', 100)
      expect(joined.left('k', 'late', 50)).deep.equal(['k late+null @50'])
      expect(joined.right('k', 'late', 50)).deep.equal([])
      expect(joined.read('late')).deep.equal(['k late @50'])
      expect(
        () => new Joined('watermark', 'leftJoin', { within, late: { left: sink('late') } }),
      ).throws(/leftJoin: rows of the left side are never late/)
    })
  })

  it('has the name and stores that its checkpoint is found by', () => {
    const app = createApp({ id: 'named' })
    const { left, right } = streams(app)
    left.leftJoin(right, (l) => l, { within: '5m' }).to(sink('out'))
    const [part] = app.topology().subTopologies
    const join = part!.nodes.find((node) => node.kind === 'row')!
    expect(join.name).equal('left+right.leftJoin')
    expect(join.kind === 'row' && join.stores().map(({ name }) => name)).deep.equal([
      'left+right.leftJoin/left',
      'left+right.leftJoin/left-parts',
      'left+right.leftJoin/left-expiry',
      'left+right.leftJoin/left-waiting',
      'left+right.leftJoin/right',
      'left+right.leftJoin/right-parts',
      'left+right.leftJoin/right-expiry',
    ])
  })
})
