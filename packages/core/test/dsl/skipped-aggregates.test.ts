// An aggregator may change its argument. A row that is skipped because the function threw leaves nothing behind, also when it threw in
// the middle of such a change.
import { expect } from 'chai'
import { createApp, hopping, session, sliding, tumbling } from '@millrace/core'
import type { KGrouped, KTable } from '@millrace/core'
import { MemoryLog, TestDriver, memoryTopic } from '@millrace/core/testing'
import { json } from '@millrace/core'
import { sink } from '../runtime/random-graph.ts'

interface Sum {
  n: number
}

const poison = 13
const init = (): Sum => ({ n: 0 })
const add = (sum: Sum, value: number): Sum => {
  sum.n += value
  if (value === poison) throw new Error('in the middle')
  return sum
}
const merge = (left: Sum, right: Sum): Sum => ({ n: left.n + right.n })

const kinds: Readonly<Record<string, (g: KGrouped<string, number>) => KTable<any, Sum>>> = {
  'an aggregate': (g) => g.aggregate(init, add),
  'a tumbling window': (g) => g.windowedBy(tumbling('1m')).aggregate(init, add),
  'a hopping window': (g) => g.windowedBy(hopping('1m', '30s')).aggregate(init, add),
  'a sliding window': (g) => g.windowedBy(sliding('1m')).aggregate(init, add),
  'a session': (g) => g.windowedBy(session('1m')).aggregate(init, add, merge),
}

function newest(rows: readonly number[], build: (g: KGrouped<string, number>) => KTable<any, Sum>) {
  const app = createApp({ id: 'skips', onError: 'skip' })
  const out = sink<Sum>('out')
  const source = memoryTopic<string, number>(new MemoryLog(), 'in', { value: json<number>() })
  build(app.stream(source).groupByKey()).toStream().to(out)
  const driver = new TestDriver(app)
  const input = driver.createInputTopic<string, number>('in')
  rows.forEach((value, i) => input.pipeInput('k', value, 100_000 + i))
  return driver
    .createOutputTopic<any, Sum>(out)
    .readRecordsToList()
    .map(({ key, value }) => [JSON.stringify(key), value.n])
}

describe('a row that is skipped', () => {
  for (const [name, build] of Object.entries(kinds))
    it(`leaves nothing behind in ${name}`, () => {
      const good = newest([1, 2, 4], build)
      expect(newest([1, 2, 4, poison], build)).deep.equal(good)
      const [a, b] = [newest([1, 2, poison, 4], build), newest([1, 2, 4], build)]
      expect(a.at(-1)![1]).equal(b.at(-1)![1])
    })

  it('leaves nothing behind in a group of a table', () => {
    const build = (rows: readonly (number | null)[]): readonly number[] => {
      const app = createApp({ id: 'skips', onError: 'skip' })
      const out = sink<Sum>('out')
      const source = memoryTopic<string, number>(new MemoryLog(), 'in', { value: json<number>() })
      app
        .table(source)
        .groupBy((value) => ['all', value])
        .aggregate(init, add, (sum, value) => {
          sum.n -= value
          return sum
        })
        .toStream()
        .to(out)
      const driver = new TestDriver(app)
      const input = driver.createInputTopic<string, number>('in')
      rows.forEach((value, i) => input.pipeInput(`k${i % 2}`, value, i))
      return driver
        .createOutputTopic<string, Sum>(out)
        .readValuesToList()
        .map(({ n }) => n)
    }
    expect(build([1, 2, 4])).deep.equal([1, 3, 6])
    // The poisoned change takes 1 out and throws while it adds: as if it had not come.
    expect(build([1, 2, poison])).deep.equal([1, 3])
    expect(build([1, 2, poison, 5])).deep.equal([1, 3, 6])
  })
})
