import { expect } from 'chai'
import { createApp, json } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink, source } from '../runtime/random-graph.ts'
import type { Item } from '../runtime/random-graph.ts'

const item = (n: number): Item => ({ n, path: '' })

function driver(options: ConstructorParameters<typeof TestDriver>[1] = {}): TestDriver {
  const app = createApp({ id: 'driven' })
  app
    .stream(source('in'))
    .mapValues((v) => v.n)
    .to(sink('out'))
  return new TestDriver(app, options)
}

describe('the test driver', () => {
  it('finds inputs and outputs by spec or by name, and says what there is otherwise', () => {
    const d = driver()
    d.createInputTopic<string, Item>('in').pipeInput('k', item(1), 5)
    expect(d.createOutputTopic<string, number>('test:out').readRecord()).include({
      key: 'k',
      value: 1,
      timestamp: 5,
    })
    expect(() => d.createInputTopic('inn')).throws('no source inn: it has in')
    expect(() => d.createOutputTopic('nowhere')).throws('no sink nowhere: it has test:out')
  })

  it('stamps rows from its own clock, which may advance by itself', () => {
    const d = driver({ startTime: 1_000 })
    const input = d.createInputTopic<string, Item>('in', { autoAdvance: '10ms' })
    input.pipeValueList([item(1), item(2)])
    input.advanceTime(100)
    input.pipeValue(item(3))
    expect(
      d
        .createOutputTopic<string, number>('test:out')
        .readRecordsToList()
        .map(({ timestamp }) => timestamp),
    ).deep.equal([1_000, 1_010, 1_120])
  })

  it('reads one row, lists and maps, and says when there is none', () => {
    const d = driver()
    const input = d.createInputTopic<string, Item>('in')
    const output = d.createOutputTopic<string, number>('test:out')
    expect(output.isEmpty()).equal(true)
    expect(() => output.readValue()).throws(/holds no further row/)
    input.pipeKeyValueList([
      ['a', item(1)],
      ['b', item(2)],
      ['a', item(3)],
    ])
    expect(output.queueSize).equal(3)
    expect(output.readKeyValue()).deep.equal(['a', 1])
    expect([...output.readKeyValuesToMap()]).deep.equal([
      ['b', 2],
      ['a', 3],
    ])
  })

  it('runs several splits of a source, each in its own task', () => {
    const d = driver({ partitions: 2 })
    const input = d.createInputTopic<string, Item>('in')
    input.pipeInput('a', item(1), 1, 0)
    input.pipeInput('b', item(2), 1, 1)
    expect(() => input.pipeInput('c', item(3), 1, 2)).throws(
      /no partition 2 of in: raise \{ partitions \}/,
    )
    expect(d.createOutputTopic<string, number>('test:out').readValuesToList()).deep.equal([1, 2])
  })

  it('goes on after a crash from the last commit', () => {
    const d = driver()
    const input = d.createInputTopic<string, Item>('in')
    input.pipeInput('a', item(1), 1)
    d.crash()
    input.pipeInput('a', item(2), 2)
    expect(d.createOutputTopic<string, number>('test:out').readValuesToList()).deep.equal([1, 2])
  })

  it('decodes what it pipes with the serde of the source', () => {
    const app = createApp({ id: 'decoding', onError: 'skip' })
    app.stream({ ...source('in'), value: json() }).to(sink('out'))
    const d = new TestDriver(app)
    d.createInputTopic('in').pipeBytes(null, new TextEncoder().encode('{"n":1}'), 1)
    d.createInputTopic('in').pipeBytes(null, new TextEncoder().encode('nonsense'), 2)
    expect(d.createOutputTopic('test:out').readValuesToList()).deep.equal([{ n: 1 }])
    expect(d.counters('in')).include({ taken: 2, forwarded: 1, filtered: 1 })
  })
})
