/** mapValues, flatMapValues: new values, one or any number, under the same key. */
import type { KStream, NodeOptions } from '@millrace/core'

export function mapValues<V, U extends {}>(
  map: (value: V, key: unknown) => U,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, U> {
  return (stream) => stream.mapValues(map, options)
}

export function flatMapValues<V, U extends {}>(
  expand: (value: V, key: unknown) => Iterable<U>,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, U> {
  return (stream) => stream.flatMapValues(expand, options)
}
