/**
 * `msgpack()`: MessagePack by msgpackr in its plain mode: each record carries its own field names
 * and can be decoded by any other process. Numbers, text, bytes, bigint, Date, Map, Set, undefined,
 * arrays and plain objects round trip; without Map, Set, undefined and huge bigints any MessagePack
 * library reads it. The bytes are scanned before msgpackr sees them (msgpack-scan.ts), for about a
 * fifth of the cost.
 *
 * Alternative not taken: records with shared structures, a third of the size and five times as
 * fast, but their table has to be stored beside the values. That is for state, not for topics.
 */
import { C1, Packr } from 'msgpackr'
import { MillraceError } from '../errors.ts'
import { limit } from './limit.ts'
import { scanDepthMost, scanMsgpack } from './msgpack-scan.ts'
import { packable, revive } from './msgpack-value.ts'
import type { Serde } from './serde.ts'

export interface MsgpackOptions {
  /** Largest record in bytes. Default 1 MiB. */
  readonly bytesMax?: number
  /** Deepest nesting of arrays, objects, maps and sets. Default 100. */
  readonly depthMax?: number
}

export function msgpack<T = unknown>(options: MsgpackOptions = {}): Serde<T> {
  const bytesMax = limit('msgpack({ bytesMax })', options.bytesMax, 1_048_576, 0x1fff_ffff)
  const depthMax = limit('msgpack({ depthMax })', options.depthMax, 100, scanDepthMost)
  const packr = new Packr({
    useRecords: false,
    variableMapSize: true, // the shortest header, and objects of any number of fields
    useBigIntExtension: true,
    useToJSON: false,
    copyBuffers: true, // bytes in a value must not keep, or change with, the fetch batch
  })
  return Object.freeze({
    name: 'msgpack',
    decode(bytes: Uint8Array): T {
      if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax)
      const collections = scanMsgpack(bytes, depthMax)
      const value: unknown = packr.unpack(bytes)
      return (collections ? revive(value, C1) : value) as T
    },
    encode(value: T): Uint8Array {
      const packed = packr.pack(packable(value, depthMax, C1))
      if (packed.length > bytesMax) throw tooLarge(packed.length, bytesMax)
      // msgpackr packs into a shared buffer, 8 KiB at first; after a large record a small one would
      // hold megabytes.
      return packed.buffer.byteLength > 65_536 ? new Uint8Array(packed) : packed
    },
  })
}

function tooLarge(length: number, bytesMax: number): MillraceError {
  return new MillraceError(
    'MILLRACE_RECORD_TOO_LARGE',
    `the record has ${length} bytes, more than the ${bytesMax} of msgpack({ bytesMax }): split it, or raise the option`,
  )
}
