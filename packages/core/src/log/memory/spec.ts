/** The spec of a topic in a given memory log. */
import type { Decoder } from '../../serde/serde.ts'
import { string } from '../../serde/string.ts'
import type { Start } from '../position.ts'
import type { Source } from '../source.ts'
import type { MemoryLog } from './log.ts'

export interface MemoryTopicOptions<K, V> {
  readonly value: Decoder<V>
  /** Default: string(). */
  readonly key?: Decoder<K>
  /** The topic is made when the log is opened, with 1 partition unless said otherwise. */
  readonly partitions?: number
  readonly name?: string
  readonly start?: Start
  readonly partitionedBy?: (value: V) => unknown
}

export interface MemoryTopic<out K, out V> extends Source<K, V> {
  readonly partitions: number | undefined
}

export function memoryTopic<K = string, V = unknown>(
  log: MemoryLog,
  topic: string,
  options: MemoryTopicOptions<K, V>,
): MemoryTopic<K, V> {
  return Object.freeze({
    kind: 'millrace.source',
    name: options.name ?? topic,
    topic,
    log: log.spec,
    // Only a caller that names no K leaves the serde out, and K is string then.
    key: options.key ?? (string() as Decoder<unknown> as Decoder<K>),
    value: options.value,
    partitions: options.partitions,
    ...(options.start === undefined ? {} : { start: options.start }),
    ...(options.partitionedBy === undefined ? {} : { partitionedBy: options.partitionedBy }),
  })
}
