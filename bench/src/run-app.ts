/**
 * Runs an app over rows that lie ready, to their end, in this process: generator source, memory checkpoint, no I/O. That is
 * the whole engine (source port, task, worker's loop, commits) and nothing but the engine.
 */
import { createApp, generator, memory, realEnv } from '@millrace/core'
import type { Duration, KStream, Source, WorkerReport } from '@millrace/core'
import type { Batch, SourcePort } from '@millrace/core/log'
import type { BenchRow, Event } from './rows.ts'

export interface AppRunOptions {
  readonly rows: readonly BenchRow[]
  readonly build: (stream: KStream<string, Event>) => void
  readonly splits?: number
  /** How often it commits. Default: the engine's. */
  readonly every?: Duration
}

export async function runApp(options: AppRunOptions): Promise<WorkerReport> {
  const { rows, build, splits = 1, every } = options
  const app = createApp({ id: 'bench', checkpoint: memory(every === undefined ? {} : { every }) })
  const source = generatorOf(rows, splits)
  build(app.stream(source))
  const report = await app.run({ until: 'caught-up' })
  if (report.rows !== rows.length)
    throw new Error(`the app read ${report.rows} rows of ${rows.length}`)
  return report
}

function generatorOf(rows: readonly BenchRow[], splits: number): Source<string, Event> {
  return generator<Event, string>({
    name: 'rows',
    rows: rows.length,
    splits,
    make: (index) => rows[index]!,
  })
}

/** The same rows through the same source port, for a loop that is not the engine. */
export async function sourceOf(
  rows: readonly BenchRow[],
): Promise<{ port: SourcePort; decode: (batch: Batch, row: number) => Event }> {
  const source = generatorOf(rows, 1)
  const log = await source.log.open({ env: realEnv(), app: 'bench', dir: '.' }, [source])
  const port = log.source(source.topic)
  await port.open({ id: 'rows:0', topic: source.topic, partition: 0 }, 'earliest')
  const decode = (batch: Batch, row: number): Event => {
    source.key.decode(batch.key(row) as Uint8Array)
    return source.value.decode(batch.value(row) as Uint8Array)
  }
  return { port, decode }
}
