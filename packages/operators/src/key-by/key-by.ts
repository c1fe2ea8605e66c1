/** keyBy: a new key for the same value. What keeps state by the new key stands behind a repartition, or `partitioned`. */
import type { KStream, KeyByOptions } from '@millrace/core'

export function keyBy<V, K2>(
  key: (value: V, key: unknown) => K2,
  options?: KeyByOptions<K2>,
): <K>(stream: KStream<K, V>) => KStream<K2, V> {
  return (stream) => stream.keyBy(key, options)
}
