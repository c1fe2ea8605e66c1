/**
 * The one row context of a stage: reused for every row, so that a row costs no object. Its fields are written by the
 * engine only. Numbers start as doubles so that V8 keeps one representation.
 */
import type { Origin, RowContext } from '../row.ts'

export class Row implements RowContext {
  time: number = NaN
  watermark: number = -Infinity
  old: unknown = undefined
  tombstone = false
  latest = true
  final = false
  headers: ReadonlyMap<string, Uint8Array> | undefined = undefined
  origin: Origin | undefined = undefined
}
