/** eventTime: the time of a row, as epoch milliseconds. It belongs to the source: see the guide on time. */
import type { EventTimeOptions, KStream, RecordTime } from '@millrace/core'

export function eventTime<V>(
  time: (value: V, key: unknown, record: RecordTime) => number,
  options?: EventTimeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, V> {
  return (stream) => stream.eventTime(time, options)
}
