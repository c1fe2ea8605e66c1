/**
 * Specs of the embedded log: frozen data, LevelDB is loaded by their `open` and not before.
 *
 * An embedded topic is one object that is read as a Source and written through its `sink`. Sinks
 * are staged: rows ride in the commit record and are appended after the decision, under the
 * producer `{app}/{sub-topology}/{task}/{node}` and the commit's seq. The log keeps the highest seq
 * beside the rows, so publishing again writes nothing: exactly-once.
 */
import { MillraceError } from '../../errors.ts'
import type { Encoder, Serde } from '../../serde/serde.ts'
import { string } from '../../serde/string.ts'
import type { Sink, SinkContext } from '../../sink.ts'
import type { LogSpec } from '../log.ts'
import type { Start } from '../position.ts'
import type { Source } from '../source.ts'

export interface EmbeddedOptions<K, V> {
  readonly value: Serde<V>
  /** Default: string(). */
  readonly key?: Serde<K>
  /** Refused if the topic has another number. Default: whatever it has, and 4 when it is made. */
  readonly partitions?: number
  /** Identity in the topology. Default: the topic. */
  readonly name?: string
  /** The log is `{dir}/log`. Default: the app's directory. */
  readonly dir?: string
  readonly start?: Start
  readonly partitionedBy?: (value: V) => unknown
  /**
   * Appends wait for the disk. Without it what was acknowledged survives the death of the process,
   * but the last moments may be lost with the machine's power.
   */
  readonly durable?: boolean
}

/** A Source; `topic.sink` writes to the same topic. */
export interface EmbeddedTopic<in out K, in out V> extends Source<K, V> {
  readonly type: 'embedded'
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly partitions: number | undefined
  readonly dir: string | undefined
  /** A null is written as a tombstone. */
  readonly sink: Sink<V | null>
}

export function embedded<K = string, V = unknown>(
  topic: string,
  options: EmbeddedOptions<K, V>,
): EmbeddedTopic<NoInfer<K>, NoInfer<V>> {
  const { value, partitions, dir } = options
  if (typeof value?.decode !== 'function') {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `embedded('${topic}'): \`value\` must be a serde, for example json()`,
    )
  }
  // Only a caller that names no K leaves the serde out, and K is string then.
  const key = options.key ?? (string() as unknown as Serde<K>)
  return Object.freeze({
    kind: 'millrace.source',
    type: 'embedded',
    name: options.name ?? topic,
    topic,
    log: embeddedLogSpec(dir),
    key,
    value,
    partitions,
    dir,
    sink: embeddedSink<V | null>({
      target: topic,
      route: undefined,
      key,
      value,
      partitions,
      dir,
      durable: options.durable ?? false,
    }),
    ...(options.start === undefined ? {} : { start: options.start }),
    ...(options.partitionedBy === undefined ? {} : { partitionedBy: options.partitionedBy }),
  })
}

/** The log system of a directory: all embedded topics in it are one system. */
export function embeddedLogSpec(dir?: string): LogSpec {
  return Object.freeze<LogSpec>({
    system: dir === undefined ? 'embedded' : `embedded:${dir}`,
    internal(topic, options) {
      const { partitions, ...serdes } = options
      const spec = embedded(topic, {
        ...serdes,
        ...(partitions === undefined ? {} : { partitions }),
        ...(dir === undefined ? {} : { dir }),
      })
      return { source: Object.freeze({ ...spec, nulls: 'pass' as const }), sink: spec.sink }
    },
    async open(ctx, sources) {
      const { EmbeddedLog } = await import('./log.ts')
      const log = await EmbeddedLog.open({ dir: dir ?? ctx.dir })
      try {
        for (const source of sources)
          await log.database.ensure(
            source.topic,
            (source as Partial<EmbeddedTopic<unknown, unknown>>).partitions,
          )
        return log
      } catch (error) {
        await log.close()
        throw error
      }
    },
  })
}

export interface EmbeddedByRecordOptions<K, V> {
  readonly value: Encoder<V>
  /** Default: string(). */
  readonly key?: Encoder<K>
  /** For topics that are not there yet. Default: 4. */
  readonly partitions?: number
  readonly dir?: string
  readonly durable?: boolean
}

export interface EmbeddedSinkOptions<in V> {
  readonly target: string | undefined
  readonly route: ((value: V, key: never) => string) | undefined
  readonly key: Encoder<never>
  readonly value: Encoder<V>
  readonly partitions: number | undefined
  readonly dir: string | undefined
  readonly durable: boolean
}

/** Writes each row to the topic that the function names. Topics that are not there are made. */
export function embeddedByRecord<K = string, V = unknown>(
  topic: (value: V, key: K) => string,
  options: EmbeddedByRecordOptions<K, V>,
): Sink<V> {
  return embeddedSink<V>({
    target: undefined,
    route: topic,
    key: options.key ?? string(),
    value: options.value,
    partitions: options.partitions,
    dir: options.dir,
    durable: options.durable ?? false,
  })
}

export function embeddedSink<V>(options: EmbeddedSinkOptions<V>): Sink<V> {
  return Object.freeze<Sink<V>>({
    kind: 'millrace.sink',
    type: 'embedded',
    target: options.target,
    decides: 'log',
    async open(ctx: SinkContext) {
      const { EmbeddedSinkPort } = await import('./sink-port.ts')
      return await EmbeddedSinkPort.open(options, ctx)
    },
  })
}
