// The test driver over state on disk: synchronous as ever, and the disk itself takes part wherever the test waits.
import { expect } from 'chai'
import { createApp } from '../../src/app.ts'
import { generator } from '../../src/log/generator/index.ts'
import { keyValueStore } from '../../src/processors/index.ts'
import type { KeyValueStore, Processor, ProcessorContext } from '../../src/processors/index.ts'
import { levelForTests, TestDriver } from '../../src/testing/index.ts'
import type { LevelPool } from '../../src/testing/index.ts'
import { tempDir } from '../log/temp-dir.ts'

interface Row {
  readonly at: number
}

const counts = keyValueStore<string, { rows: number }>('counts')

class Counting implements Processor<string, Row, string, string> {
  #ctx!: ProcessorContext<string, string>
  #store!: KeyValueStore<string, { rows: number }>

  open(ctx: ProcessorContext<string, string>): void {
    this.#ctx = ctx
    this.#store = ctx.store(counts)
  }

  process(key: string, { at }: Row): void {
    const count = this.#store.get(key) ?? { rows: 0 }
    count.rows++
    this.#store.put(key, count)
    this.#ctx.timer(at + 100)
    this.#ctx.forward(key, `${key} ${count.rows}`)
  }

  onTimer(key: string, time: number): void {
    this.#ctx.forward(key, `${key} rings at ${time}`)
  }
}

describe('the test driver over state on disk', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  let pool: LevelPool
  const seen: string[] = []
  beforeEach(async () => {
    temp = await tempDir()
    seen.length = 0
  })
  afterEach(async () => {
    await pool.close()
    await temp.remove()
  })

  const driver = (): TestDriver => {
    const app = createApp({ id: 'counts' })
    const rows = generator<Row, string>({ name: 'rows', rows: 0, make: never })
    app
      .stream(rows)
      .eventTime(({ at }) => at)
      .process(() => new Counting(), { stores: [counts], timers: true })
      .foreach((value) => seen.push(value))
    return new TestDriver(app, { state: (task) => pool.open(task) })
  }

  it('gives at once what it gives over memory, over crashes', async () => {
    pool = await levelForTests(temp.dir, { cacheEntries: 1 })
    const over = driver()
    const input = over.createInputTopic<string, Row>('rows')
    for (const at of [1, 2, 3, 4]) {
      input.pipeInput(at % 2 === 0 ? 'even' : 'odd', { at })
      over.crash()
    }
    input.pipeInput('last', { at: 103 })
    expect(seen).to.deep.equal([
      'odd 1',
      'even 1',
      'odd 2',
      'even 2',
      'last 1',
      'odd rings at 101',
      'even rings at 102',
    ])
    over.close()
  })

  it('reads what is due from the disk where the test waits', async () => {
    pool = await levelForTests(temp.dir, { cacheEntries: 1, dueFront: 1 })
    const over = driver()
    const input = over.createInputTopic<string, Row>('rows')
    for (const at of [1, 2, 3]) input.pipeInput(`key ${at}`, { at })
    await over.settle()
    over.crash()
    await over.settle()
    input.pipeInput('last', { at: 1_000 })
    expect(seen.filter((text) => text.includes('rings'))).to.deep.equal(['key 1 rings at 101'])
    await over.settle()
    expect(seen.slice(3)).to.deep.equal([
      'last 1',
      'key 1 rings at 101',
      'key 2 rings at 102',
      'key 3 rings at 103',
    ])
    over.close()
  })
})

function never(): never {
  throw new Error('rows are piped')
}
