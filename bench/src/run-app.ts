/**
 * Runs an app over rows that lie ready, to their end, in this process: generator source, memory checkpoint, no I/O. That is
 * the whole engine (source port, task, worker's loop, commits) and nothing but the engine.
 */
import { createApp, generator, memory } from '@millrace/core'
import type { Duration, KStream, WorkerReport } from '@millrace/core'
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
  const source = generator<Event, string>({
    name: 'rows',
    rows: rows.length,
    splits,
    make: (index) => rows[index]!,
  })
  build(app.stream(source))
  const report = await app.run({ until: 'caught-up' })
  if (report.rows !== rows.length)
    throw new Error(`the app read ${report.rows} rows of ${rows.length}`)
  return report
}
