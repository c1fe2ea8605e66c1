/** branch: a record of streams, so it stands last in a pipe. Each row goes to the first that takes it, else to `rest`. */
import type { KStream, NodeOptions } from '@millrace/core'

export function branch<
  V,
  const B extends Readonly<Record<string, (value: V, key: unknown) => boolean>>,
>(
  branches: B,
  options?: NodeOptions,
): <K>(stream: KStream<K, V>) => { readonly [Name in keyof B | 'rest']: KStream<K, V> } {
  return (stream) => stream.branch(branches, options)
}
