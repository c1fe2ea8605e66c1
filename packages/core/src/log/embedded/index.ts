/**
 * The embedded log: a partitioned, durable log in LevelDB inside the process, for the first minute,
 * for tests and for small deployments. This door holds specs only: LevelDB is loaded when something
 * is opened.
 */
import type { EmbeddedProducer, OpenEmbeddedOptions } from './producer.ts'

export type { AppendedPart, AppendOutcome } from './appends.ts'
export type {
  AppendRowsOptions,
  EmbeddedProducer,
  EmbeddedRow,
  OpenEmbeddedOptions,
  ReadRow,
} from './producer.ts'
export { embedded, embeddedByRecord, embeddedLogSpec } from './spec.ts'
export type { EmbeddedByRecordOptions, EmbeddedOptions, EmbeddedTopic } from './spec.ts'

/** Opens the log of a directory without an app, to append rows and to read them. */
export async function openEmbedded(options: OpenEmbeddedOptions): Promise<EmbeddedProducer> {
  const { openProducer } = await import('./producer.ts')
  return await openProducer(options)
}
