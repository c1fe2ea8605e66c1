// Windows under test: rows in, changes out, one row at a time.
import { createApp, session, sliding } from '@millrace/core'
import type {
  Clock,
  Emit,
  KStream,
  Late,
  OnError,
  SessionWindow,
  SlidingWindow,
  Source,
} from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { addRow, cursorOf } from '../../../src/dsl/cursor.ts'
import { Custom } from '../../../src/processors/custom.ts'
import type { Node } from '../../../src/processors/node.ts'
import type { Processor } from '../../../src/processors/processor.ts'
import { sink } from '../../runtime/random-graph.ts'

/** An aggregate is the text of its rows; '!' throws, 'X' ends it. */
interface Text {
  text: string
}

export interface Options {
  readonly clock?: Clock
  readonly emit?: Emit
  readonly retention?: number
  readonly onError?: OnError
}

export class Windows {
  readonly driver: TestDriver
  readonly #topic

  constructor(window: SessionWindow | SlidingWindow, options: Options = {}) {
    const app = createApp({
      id: 'windows',
      clock: options.clock ?? 'watermark',
      onError: options.onError ?? 'fail',
    })
    const rows = app.stream(source())
    const asks = (value: string | null): boolean => value?.startsWith('?') === true
    const grouped = rows.filterNot(asks).groupByKey()
    const init = (): Text => ({ text: '' })
    const add = (a: Text, value: string): Text => {
      if (value === '!') throw new Error('refused')
      if (value === 'X') return null as never
      a.text += value
      return a
    }
    const merge = (left: Text, right: Text): Text => ({ text: left.text + right.text })
    const more = {
      name: 'w',
      late: sink<Late<string>>('late'),
      retention: `${options.retention ?? 0}ms`,
    } as const
    const emit = options.emit ?? 'update'
    const table =
      window.kind === 'session'
        ? grouped.windowedBy(window).emit(emit).aggregate(init, add, merge, more)
        : grouped.windowedBy(window).emit(emit).aggregate(init, add, more)
    const stream = table.toStream({ tombstones: true })
    stream.to(sink('changes'))
    lookups(table, rows.filter(asks)).to(sink('found'))
    this.driver = new TestDriver(app)
    this.#topic = this.driver.createInputTopic<string | null, string>('in')
  }

  row(key: string | null, value: string | null, time: number): this {
    this.#topic.pipeInput(key, value, time)
    return this
  }

  /** `k[start,end]=text@time`; `-` for a tombstone. */
  get changes(): readonly string[] {
    return this.driver
      .createOutputTopic<any, Text | null>('test:changes')
      .readRecordsToList()
      .map(
        ({ key, value, timestamp }) =>
          `${key.key}[${key.start},${key.end}]=${value === null ? '-' : value.text}@${timestamp}`,
      )
  }

  get late(): readonly string[] {
    return this.driver
      .createOutputTopic<string, Late<string>>('test:late')
      .readRecordsToList()
      .map(({ key, value }) => {
        const windows = value.windows.map(({ start, end }) => `[${start},${end}]`)
        return `${key}=${value.value} ${windows.join('')} late by ${value.lateBy}`
      })
  }

  /** What a node below finds in the table; the question is a row and moves T. */
  find(key: string, start: number, end: number, time: number): string {
    this.row(key, `?${start},${end}`, time)
    return this.driver.createOutputTopic<any, string>('test:found').readValue()
  }

  counters() {
    return this.driver.counters('w')
  }
}

/** Rows whose key is looked up in the table, by a node that reads it. */
function lookups(table: object, asked: object): KStream<unknown, string> {
  const { build, node: read } = cursorOf(table)
  const from = cursorOf(asked)
  let found!: Node
  const processor = (): Processor =>
    new Custom(
      {
        open: () => {},
        process: (key, value) => {
          const [start, end] = (value as string).slice(1).split(',').map(Number)
          const entry = found.tables[0]!.get({ key, start, end })
          found.forward(key, entry === undefined ? 'nothing' : (entry.value as Text).text)
        },
      },
      false,
    )
  const node = addRow(
    build,
    'lookup',
    { name: 'lookup' },
    {
      inputs: [from.node, read],
      reads: [read],
      make: () => {
        const custom = processor() as Custom
        const lookup: Processor = {
          open: (context) => {
            found = context as Node
            custom.open(found)
          },
          process: () => {},
          sides: [custom, { process: () => {} }],
        }
        return lookup
      },
    },
  )
  return build.stream({ ...from, node }) as KStream<unknown, string>
}

function source(): Source<string, string> {
  return Object.freeze({
    kind: 'millrace.source',
    name: 'in',
    topic: 'in',
    log: { system: 'test', open: () => Promise.reject(new Error('never opened')) },
    key: { name: 'identity', decode: (key: unknown) => key as string },
    value: { name: 'identity', decode: (value: unknown) => value as string },
    nulls: 'pass',
  })
}

export { session, sliding }
