// Rows of test topics as text, in the order of the log.
import type { EmbeddedProducer } from '../../../src/log/embedded/index.ts'
import { embedded } from '../../../src/log/embedded/index.ts'
import type { EmbeddedTopic } from '../../../src/log/embedded/index.ts'
import { string } from '../../../src/serde/string.ts'

export const one: EmbeddedTopic<string, string> = embedded('one', {
  value: string(),
  partitions: 1,
})
export const four: EmbeddedTopic<string, string> = embedded('four', {
  value: string(),
  partitions: 4,
})

export async function valuesIn(
  producer: EmbeddedProducer,
  topic: EmbeddedTopic<string, string>,
  partition?: number,
): Promise<(string | null)[]> {
  const values: (string | null)[] = []
  const only = partition === undefined ? {} : { partition }
  for await (const row of producer.read(topic, only)) values.push(row.value)
  return values
}

export function textRows(
  count: number,
  from = 0,
): { key: string; value: string; timestamp: number }[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${(from + i) % 7}`,
    value: `v${from + i}`,
    timestamp: from + i,
  }))
}

/** The error of a call that must fail. */
export async function errorOf(call: () => Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  throw new Error('the call was expected to fail')
}
