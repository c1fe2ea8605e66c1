/** filter, filterNot: rows that stay or go by a predicate. A predicate that is a type guard narrows the stream. */
import type { KStream, NodeOptions } from '@millrace/core'

export function filter<V, U extends V>(
  keep: (value: V, key: unknown) => value is U,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, U>
export function filter<V>(
  keep: (value: V, key: unknown) => boolean,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, V>
export function filter<V>(
  keep: (value: V, key: unknown) => boolean,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, V> {
  return (stream) => stream.filter(keep, options)
}

export function filterNot<V>(
  drop: (value: V, key: unknown) => boolean,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, V> {
  return (stream) => stream.filterNot(drop, options)
}
