/**
 * The one row context of a stage: reused for every row, so that a row costs no object. Its fields are written by the
 * engine only. Numbers start as doubles so that V8 keeps one representation.
 */
import type { Origin, RowContext } from '../row.ts'

export class Row implements RowContext {
  time: number = NaN
  watermark: number = -Infinity
  /** The time with which the row in progress entered its stage; steps on its way may have given it another. */
  entered: number = -Infinity
  old: unknown = undefined
  tombstone = false
  latest = true
  final = false
  headers: ReadonlyMap<string, Uint8Array> | undefined = undefined
  origin: Origin | undefined = undefined

  /** For rows that time makes: they have nothing of the row before them but its origin. */
  begin(time: number): void {
    this.time = time
    this.old = undefined
    this.tombstone = false
    this.latest = true
    this.final = false
    this.headers = undefined
  }
}
