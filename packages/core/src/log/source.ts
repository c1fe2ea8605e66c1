/**
 * Source: the frozen spec that a user holds and a topology names. It says which topics of which log system, and how
 * their bytes become keys and values. Opening is the log's affair (`log.open`), by the worker, once per system.
 */
import type { Decoder, Encoder } from '../serde/serde.ts'
import type { LogSpec } from './log.ts'
import type { Start } from './position.ts'

export interface Source<out K, out V> {
  readonly kind: 'millrace.source'
  /** Identity in the topology; the topic unless the user gave one. */
  readonly name: string
  readonly topic: string
  readonly log: LogSpec
  readonly key: Decoder<K> & Partial<Encoder<never>>
  readonly value: Decoder<V> & Partial<Encoder<never>>
  /** Where a split without a committed position begins. Default: 'earliest'. */
  readonly start?: Start
  /** The split follows this key of the value: no repartition is needed behind a keying by it. Checked at run time. */
  readonly partitionedBy?: (value: never) => unknown
  /** Rows with a null value are dropped and counted unless the value's type has null. Default 'drop'. */
  readonly nulls?: 'pass' | 'drop'
  /** The log ends: `run({ until: 'caught-up' })` may stop behind it. */
  readonly bounded?: boolean
}
