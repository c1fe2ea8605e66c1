/** peek: looks at each row and passes it on. */
import type { KStream, NodeOptions } from '@millrace/core'

export function peek<V>(
  look: (value: V, key: unknown) => void,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => KStream<K, V> {
  return (stream) => stream.peek(look, options)
}
