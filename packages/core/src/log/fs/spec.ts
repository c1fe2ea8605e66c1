/**
 * The spec of a file of lines (NDJSON, or any text of one record a line) as a bounded source: each
 * line is the value's bytes, untouched. A line above the cap comes as its first bytes, one more
 * than the cap allows, which the decoder refuses: the row goes to its node's policy and the file is
 * read on (law 10).
 */
import { MillraceError } from '../../errors.ts'
import type { Decoder } from '../../serde/serde.ts'
import type { LogSpec } from '../log.ts'
import type { Source } from '../source.ts'

export interface NdjsonOptions<K, V> {
  /** Turns the bytes of a line into the value, for example json(). */
  readonly value: Decoder<V>
  /** Decodes each line once more; `keyBy` behind the source does not. Default: rows have no key. */
  readonly key?: (value: V) => K
  /** Identity in the topology. Default: the path. */
  readonly name?: string
  /** Event time in ms. Default: 0 for all rows; `eventTime` in the pipe is the usual way. */
  readonly timestamp?: (value: V) => number
  /** Default: 1 MiB. */
  readonly lineBytesMax?: number
}

export interface NdjsonSource<out K, out V> extends Source<K, V> {
  readonly type: 'ndjson'
  readonly lines: LinePlan
}

/** What the port needs of the options. */
export interface LinePlan {
  readonly keyed: boolean
  readonly timestamp: ((line: Uint8Array) => number) | undefined
  readonly lineBytesMax: number
}

const lineBytesDefault = 1024 * 1024

export function ndjson<V, K = null>(
  path: string,
  options: NdjsonOptions<K, V>,
): NdjsonSource<K, V> {
  const { key, timestamp, lineBytesMax = lineBytesDefault } = options
  if (!Number.isSafeInteger(lineBytesMax) || lineBytesMax < 1) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `ndjson('${path}'): lineBytesMax is ${lineBytesMax}: give a whole number from 1`,
    )
  }
  const value = capped(options.value, lineBytesMax)
  return Object.freeze({
    kind: 'millrace.source',
    type: 'ndjson',
    name: options.name ?? path,
    topic: path,
    log: files,
    key: Object.freeze({
      name: key === undefined ? 'none' : `key of ${value.name}`,
      decode: (line: Uint8Array) => (key === undefined ? (null as K) : key(value.decode(line))),
    }),
    value,
    bounded: true,
    lines: Object.freeze({
      keyed: key !== undefined,
      timestamp:
        timestamp === undefined ? undefined : (line: Uint8Array) => timestamp(value.decode(line)),
      lineBytesMax,
    }),
  })
}

/** All files of an app are one log system, so that they can be joined. */
const files: LogSpec = Object.freeze<LogSpec>({
  system: 'files',
  async open(_ctx, sources) {
    const { FileLog } = await import('./log.ts')
    return new FileLog(sources)
  },
})

function capped<V>(decoder: Decoder<V>, bytesMax: number): Decoder<V> {
  return Object.freeze({
    name: decoder.name,
    decode(line: Uint8Array): V {
      if (line.length <= bytesMax) return decoder.decode(line)
      throw new MillraceError(
        'MILLRACE_RECORD_TOO_LARGE',
        `the line is longer than ${bytesMax} bytes: raise lineBytesMax, or write shorter lines`,
      )
    },
  })
}
