import { expect } from 'chai'
import { createApp } from '@millrace/core'
import type { App, KStream, Sink } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

const item = (n: number): Item => ({ n, path: '' })

/** What the sink holds after the numbers have been piped, one row at a time. */
function run<V>(
  build: (stream: KStream<string, Item>, out: Sink<V>) => void,
  numbers: readonly number[],
): readonly (readonly [unknown, V])[] {
  const app: App = createApp({ id: 'verbs' })
  const out = sink<V>('out')
  build(app.stream(source('in')), out)
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, Item>('in')
  numbers.forEach((n, i) => input.pipeInput(`k${n}`, item(n), i))
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
  return driver.createOutputTopic<unknown, V>(out).readKeyValuesToList()
}

describe('a stream', () => {
  const one = [1, 2, 3, 4]

  it('filters', () => {
    expect(
      run<Item>((s, out) => s.filter((v) => v.n > 2).to(out), one).map(([, v]) => v.n),
    ).deep.equal([3, 4])
    expect(
      run<Item>((s, out) => s.filterNot((v) => v.n > 2).to(out), one).map(([, v]) => v.n),
    ).deep.equal([1, 2])
  })

  it('maps values, keys, and both', () => {
    expect(
      run<number>((s, out) => s.mapValues((v, k) => v.n * 10 + k.length).to(out), [1]),
    ).deep.equal([['k1', 12]])
    expect(run<Item>((s, out) => s.keyBy((v) => v.n).to(out), [7])).deep.equal([[7, item(7)]])
    expect(run<string>((s, out) => s.map((v) => [v.n, 'x'] as const).to(out), [7])).deep.equal([
      [7, 'x'],
    ])
  })

  it('makes any number of rows of one, in order', () => {
    expect(
      run<number>(
        (s, out) => s.flatMapValues((v) => Array.from({ length: v.n }, (_, i) => i)).to(out),
        [2, 0, 3],
      ).map(([, v]) => v),
    ).deep.equal([0, 1, 0, 1, 2])
    expect(
      run<number>(
        (s, out) =>
          s
            .flatMap(
              (v) =>
                [
                  [v.n, 1],
                  [v.n, 2],
                ] as const,
            )
            .to(out),
        [5],
      ),
    ).deep.equal([
      [5, 1],
      [5, 2],
    ])
  })

  it('branches to the first predicate that holds, the rest to rest', () => {
    expect(
      run<string>((s, out) => {
        const { even, big, rest } = s.branch({ even: (v) => v.n % 2 === 0, big: (v) => v.n > 2 })
        even
          .mapValues((v) => `even ${v.n}`)
          .merge(big.mapValues((v) => `big ${v.n}`))
          .merge(rest.mapValues((v) => `rest ${v.n}`))
          .to(out)
      }, one).map(([, v]) => v),
    ).deep.equal(['rest 1', 'even 2', 'big 3', 'even 4'])
  })

  it('pushes a row through a whole diamond before the next one', () => {
    expect(
      run<string>(
        (s, out) =>
          s
            .mapValues((v) => `a${v.n}`)
            .merge(s.mapValues((v) => `b${v.n}`))
            .to(out),
        [1, 2],
      ).map(([, v]) => v),
    ).deep.equal(['a1', 'b1', 'a2', 'b2'])
  })

  it('looks with peek and ends with foreach', () => {
    const seen: number[] = []
    run<Item>(
      (s, out) => {
        s.peek((v) => void seen.push(v.n)).to(out)
        s.foreach((v) => void seen.push(-v.n))
      },
      [1, 2],
    )
    expect(seen).deep.equal([1, -1, 2, -2])
  })

  it("runs the user's processors, which may drop, forward any number, and change the time", () => {
    const app = createApp({ id: 'custom' })
    const out = sink<number>('out')
    app
      .stream(source('in'))
      .process<number, number>(
        () => {
          let node: {
            forward(key: number, value: number, time?: number): void
            drop(reason: string): void
          }
          return {
            open: (ctx) => void (node = ctx),
            process: (_key, value) => {
              if (value.n === 0) return node.drop('zero')
              for (let i = 0; i < value.n; i++) node.forward(i, value.n, 1_000 + i)
            },
          }
        },
        { name: 'mine' },
      )
      .to(out)
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    for (const n of [0, 2]) input.pipeInput('k', item(n), 5)
    expect(
      driver
        .createOutputTopic<number, number>(out)
        .readRecordsToList()
        .map(({ key, value, timestamp }) => [key, value, timestamp]),
    ).deep.equal([
      [0, 2, 1_000],
      [1, 2, 1_001],
    ])
    expect(driver.counters('mine')).include({
      taken: 2,
      filtered: 1,
      forwarded: 1,
      conserved: true,
    })
  })

  it('refuses a key that processValues changes', () => {
    const app = createApp({ id: 'custom' })
    app
      .stream(source('in'))
      .processValues(() => {
        let node: { forward(key: string, value: Item): void }
        return {
          open: (ctx) => void (node = ctx),
          process: (key, value) => node.forward(`${key}!`, value),
        }
      })
      .to(sink('out'))
    expect(() =>
      new TestDriver(app).createInputTopic<string, Item>('in').pipeInput('k', item(1)),
    ).throws(/processValues may not change the key/)
  })

  it('refuses a promise from a synchronous function and names the asynchronous verb', () => {
    expect(() =>
      run((s, out) => s.mapValues(async (v) => v).to(out as Sink<Promise<Item>>), [1]),
    ).throws(/returned a promise.*mapValuesAsync/)
  })

  it('drops null values at the source and counts them', () => {
    const app = createApp({ id: 'nulls' })
    app.stream(source('in')).to(sink('out'))
    const driver = new TestDriver(app)
    driver.createInputTopic<string, Item>('in').pipeInput('k', null, 1)
    expect(driver.counters('in')).include({ taken: 1, filtered: 1 })
  })

  it('takes ten operators in one pipe and says what to do with more', () => {
    const stream = createApp({ id: 'long' }).stream(source('in')) as unknown as {
      pipe(...ops: unknown[]): unknown
    }
    expect(() => stream.pipe(...Array.from({ length: 11 }, () => (s: unknown) => s))).throws(
      /split it into two pipe/,
    )
  })
})

describe('a row that fails', () => {
  it('stops the task by default, and nothing of it is visible', () => {
    const app = createApp({ id: 'failing' })
    const out = sink<Item>('out')
    const stream = app.stream(source('in'))
    stream.to(out)
    stream
      .mapValues(
        (v) => {
          if (v.n === 2) throw new Error('two')
          return v
        },
        { name: 'picky' },
      )
      .to(sink('other'))
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    input.pipeInput('a', item(1), 1)
    expect(() => input.pipeInput('b', item(2), 2)).throws(
      /two.*task in\/0, node picky, split in:0, position 2/,
    )
    expect(driver.createOutputTopic<string, Item>(out).readValuesToList()).deep.equal([item(1)])
  })

  it('is skipped and counted, or becomes a dead letter with node, position and source bytes', () => {
    const dead = sink<import('@millrace/core').Rejected>('dead')
    const app = createApp({ id: 'failing', onError: { deadLetter: dead } })
    const broken = (v: Item): Item => {
      throw new Error(`no ${v.n}`)
    }
    const stream = app.stream(source('in'))
    stream.mapValues(broken, { name: 'skips', onError: 'skip' }).to(sink('x'))
    stream.mapValues(broken, { name: 'keeps' }).to(sink('y'))
    const driver = new TestDriver(app)
    const input = driver.createInputTopic<string, Item>('in')
    input.pipeInput('a', item(1), 7)
    input.pipeBytes(null, new TextEncoder().encode('{'), 8)
    expect(driver.counters('skips')).include({ taken: 1, filtered: 1 })
    const letters = driver
      .createOutputTopic<unknown, import('@millrace/core').Rejected>(dead)
      .readValuesToList()
    expect(
      letters.map(({ node, position, split, time, error }) => ({
        node,
        position,
        split,
        time,
        error: error.slice(0, 9),
      })),
    ).deep.equal([
      { node: 'keeps', position: '1', split: 'in:0', time: 7, error: 'no 1' },
      { node: 'in', position: '2', split: 'in:0', time: 8, error: 'the recor' },
    ])
    expect(new TextDecoder().decode(letters[1]!.bytes)).equal('{')
  })
})
