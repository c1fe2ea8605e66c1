/**
 * The spec of a directory of NDJSON files. Staged: lines ride in the commit record, and after the decision become one
 * file per task and commit, `part-{sub-topology}-{task}-{seq}.ndjson`, made once, whole and durable. Names follow from
 * the commit, so whoever publishes it again finds the file there: exactly-once.
 *
 * A directory belongs to one sink of one app. Readers take `*.ndjson`; what is being written lies in `.tmp` beside it.
 */
import { MillraceError } from '@millrace/core'
import type { RowContext, Sink, SinkContext } from '@millrace/core/sink'
import { partPrefix } from './part-name.ts'
import { NdjsonPort } from './port.ts'

export interface NdjsonOptions<in V> {
  /** What checkpoints and `describe()` know the sink by. Default: `dir`. Give one, and the directory may move. */
  readonly target?: string
  /**
   * What a line holds. Default: the value as it is. By the rules of JSON undefined fields and functions are left out,
   * and NaN becomes null; a bigint is refused.
   */
  readonly map?: (value: V, key: unknown, row: RowContext) => unknown
  /** Bytes of lines that wait for a commit, per task; at this size the task pauses until then. Default: 8 MiB. */
  readonly bytesMax?: number
}

const bytesMaxDefault = 8 * 1024 * 1024
const bytesMaxMost = 256 * 1024 * 1024

/** Writes each row as a line of JSON below `dir`, which is taken from the working directory when it is relative. */
export function ndjson<V = unknown>(dir: string, options: NdjsonOptions<V> = {}): Sink<V> {
  const { map, bytesMax = bytesMaxDefault, target = dir } = options
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) {
    throw refuse(`ndjson(${JSON.stringify(dir)}): give the path of a directory`)
  }
  if (!Number.isSafeInteger(bytesMax) || bytesMax < 1 || bytesMax > bytesMaxMost) {
    throw refuse(
      `ndjson('${dir}'): bytesMax is ${bytesMax}: give a whole number from 1 to ${bytesMaxMost}`,
    )
  }
  return Object.freeze<Sink<V>>({
    kind: 'millrace.sink',
    type: 'ndjson',
    target,
    decides: 'log',
    exclusive: true,
    async open(ctx: SinkContext) {
      const prefix = partPrefix(ctx)
      const { openPartDirectory } = await import('./io.ts')
      return new NdjsonPort<V>(await openPartDirectory(dir, prefix, ctx), { map, bytesMax })
    },
  })
}

function refuse(message: string): MillraceError {
  return new MillraceError('MILLRACE_CONFIG', message)
}
