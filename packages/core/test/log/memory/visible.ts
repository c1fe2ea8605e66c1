/** What a reader of decided rows sees of a partition of a memory log, from its beginning on. */
import type { MemoryLog } from '../../../src/log/memory/index.ts'
import type { VisibleRow } from '../../../src/testing/conformance/decider.ts'

export async function visibleIn(
  log: MemoryLog,
  topic: string,
  partition: number,
): Promise<readonly VisibleRow[]> {
  const [split] = log.splitsOf(topic).slice(partition)
  const port = log.source(topic)
  await port.open(split!.split, 'earliest')
  const rows: VisibleRow[] = []
  for (let batch = port.poll(100); batch !== undefined; batch = port.poll(100)) {
    for (let row = 0; row < batch.length; row++)
      rows.push({
        key: text(batch.key(row)),
        value: text(batch.value(row)),
        timestamp: batch.timestamp(row),
      })
  }
  await port.close(split!.split.id)
  return rows
}

function text(bytes: unknown): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes as Uint8Array)
}
