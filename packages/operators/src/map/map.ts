/** map, flatMap: new keys and values as pairs. They re-key the stream; mapValues and flatMapValues do not. */
import type { KStream, NodeOptions } from '@millrace/core'

export function map<V, K2, U extends {}>(
  pair: (value: V, key: unknown) => readonly [K2, U],
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K2, U> {
  return (stream) => stream.map(pair, options)
}

export function flatMap<V, K2, U extends {}>(
  pairs: (value: V, key: unknown) => Iterable<readonly [K2, U]>,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K2, U> {
  return (stream) => stream.flatMap(pairs, options)
}
