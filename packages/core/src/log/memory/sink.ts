/**
 * A transactional sink into a memory log: rows go through the outlet of the task's decider, and the decision of the commit
 * makes them visible. It has no sections and publishes nothing.
 */
import { MillraceError } from '../../errors.ts'
import { partitionOf } from '../../hash.ts'
import type { Encoder } from '../../serde/serde.ts'
import { string } from '../../serde/string.ts'
import { answer } from '../answer.ts'
import type { Outlet } from '../decider.ts'
import type { Headers, MarkingPort, RowContext, Section, Sink, SinkContext } from '../../sink.ts'
import type { MemoryLog } from './log.ts'

export interface MemorySinkOptions<V> {
  readonly value: Encoder<V>
  /** Default: string(). */
  readonly key?: Encoder<never>
}

/** The topic must exist when rows are written. */
export function memorySink<V>(
  log: MemoryLog,
  topic: string,
  options: MemorySinkOptions<V>,
): Sink<V> {
  return Object.freeze({
    kind: 'millrace.sink',
    type: 'memory',
    target: topic,
    decides: { cluster: log.spec.system },
    open: ({ outlet, subTopology, task, node }: SinkContext) =>
      answer(() => {
        if (outlet !== undefined) return new MemorySinkPort(log, topic, options, outlet)
        throw new MillraceError(
          'MILLRACE_CONFIG',
          `the sink into ${topic} writes in transactions, and no cluster decides the commits of its task: give it to an app whose sources are in ${log.spec.system}`,
          { at: { subTopology, task, node } },
        )
      }),
  } satisfies Sink<V>)
}

class MemorySinkPort<V> implements MarkingPort<V> {
  readonly #partitions: number
  readonly #topic: string
  readonly #key: Encoder<never>
  readonly #value: Encoder<V>
  readonly #outlet: Outlet

  constructor(log: MemoryLog, topic: string, options: MemorySinkOptions<V>, outlet: Outlet) {
    this.#partitions = log.splitsOf(topic).length
    this.#topic = topic
    this.#key = options.key ?? string()
    this.#value = options.value
    this.#outlet = outlet
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(key: unknown, value: V, row: RowContext): boolean {
    const keyBytes = key === null || key === undefined ? null : this.#key.encode(key as never)
    const valueBytes = value === null || value === undefined ? null : this.#value.encode(value)
    const partition = keyBytes === null ? 0 : partitionOf(keyBytes, this.#partitions)
    return this.#outlet.append(this.#topic, partition, keyBytes, valueBytes, row.time, row.headers)
  }

  mark(headers: Headers): boolean {
    let room = true
    for (let partition = 0; partition < this.#partitions; partition++)
      room = this.#outlet.append(this.#topic, partition, null, null, 0, headers)
    return room
  }

  freeze(): readonly Section[] {
    return []
  }

  publish(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
