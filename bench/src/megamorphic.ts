/**
 * Runs other graphs first. In a process that has seen one chain only, V8 inlines that chain whole, which no user's process
 * will ever see: here every node class and every shape of batch has passed through the engine before anything is measured.
 */
import { createApp, generator } from '@millrace/core'
import type { KStream } from '@millrace/core'
import type { Processor, ProcessorContext } from '@millrace/core/operator'
import { TestDriver, seededRandom } from '@millrace/core/testing'
import { makeRows } from './rows.ts'
import type { BenchRow, Event } from './rows.ts'
import { runApp } from './run-app.ts'

const chains = 40
const rowsPerChain = 5_000

type Events = KStream<string, Event>

class Forward implements Processor<string, Event, string, Event> {
  #ctx!: ProcessorContext<string, Event>
  open(ctx: ProcessorContext<string, Event>): void {
    this.#ctx = ctx
  }
  process(key: string, value: Event): void {
    this.#ctx.forward(key, value)
  }
}

/** Closures of their own on each call, as every user's pipeline has. */
function steps(seen: { rows: number }): readonly ((stream: Events) => Events)[] {
  return [
    (stream) => stream.filter((value) => value.id >= 0),
    (stream) => stream.filterNot((value) => value.id < 0),
    (stream) => stream.mapValues((value) => value),
    (stream) => stream.map((value, key) => [key, value]),
    (stream) => stream.keyBy((_, key) => key),
    (stream) => stream.peek((value) => void (seen.rows += value.kind)),
    (stream) => stream.flatMapValues((value) => [value]),
    (stream) => stream.flatMap((value, key) => [[key, value]]),
    (stream) => stream.process(() => new Forward()),
    (stream) => stream.processValues(() => new Forward()),
    (stream) => {
      const { even, rest } = stream.branch({ even: (value) => value.kind % 2 === 0 })
      return even.merge(rest)
    },
  ]
}

export async function makeMegamorphic(): Promise<void> {
  const random = seededRandom(42)
  const rows = makeRows(rowsPerChain)
  const seen = { rows: 0 }
  for (let chain = 0; chain < chains; chain++) {
    const length = 2 + Math.floor(random() * 9)
    const build = (stream: Events): void => {
      let last = chain % 3 === 0 ? stream.eventTime((value) => value.id) : stream
      for (let i = 0; i < length; i++) {
        const choice = steps(seen)
        last = choice[Math.floor(random() * choice.length)]!(last)
      }
      if (chain % 5 === 0) last = last.mapValuesAsync((value) => Promise.resolve(value))
      last.foreach((value) => void (seen.rows += value.kind))
    }
    const few = chain % 5 === 0 ? rows.slice(0, 200) : rows
    if (chain % 4 === 0 && chain % 5 !== 0) driveRows(few, build)
    else await runApp({ rows: few, build, splits: 1 + (chain % 3) })
  }
  if (seen.rows === 0) throw new Error('the other graphs saw no row')
}

/** Through the test driver: other batches than those of a generator. */
function driveRows(rows: readonly BenchRow[], build: (stream: Events) => void): void {
  const app = createApp({ id: 'bench' })
  const source = generator<Event, string>({ name: 'rows', rows: 0, make: (index) => rows[index]! })
  build(app.stream(source))
  const driver = new TestDriver(app)
  driver.createInputTopic(source).pipeRecordList(rows)
}
