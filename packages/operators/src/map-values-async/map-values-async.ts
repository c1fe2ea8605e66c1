/** mapValuesAsync: work that waits, one call per row and a bounded number at a time. It ends a stage. */
import type { AsyncOptions, KStream } from '@millrace/core'

export function mapValuesAsync<V, U extends {}>(
  map: (
    value: V,
    key: unknown,
    call: { readonly signal: AbortSignal; readonly attempt: number },
  ) => Promise<U>,
  options?: AsyncOptions<V, unknown, U>,
): <K>(stream: KStream<K, V>) => KStream<K, U> {
  return (stream) => stream.mapValuesAsync(map, options)
}
