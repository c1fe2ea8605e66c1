/**
 * What a row carries beside key and value. The context object that a processor or sink sees is *reused*: it belongs
 * to the row in progress and must not be kept. Who keeps a row copies what it needs; `origin.keep()` gives an origin
 * that lives on; it holds on to the fetch batch, so copy its bytes where you keep many of them for long.
 */
import type { Position } from './log/position.ts'

export interface Origin {
  /** Topic or stream. Behind a repartition: the repartition log. */
  readonly source: string
  readonly split: string
  /** Resume point behind the row, made on demand. */
  readonly position: Position
  /** The value's source bytes, where the source has bytes. */
  bytes(): Uint8Array | undefined
  keyBytes(): Uint8Array | undefined
  keep(): Origin
}

export interface RowContext<V = unknown> {
  /** Event time in ms. */
  readonly time: number
  /** Operator time T of the stage: it moves behind the rows that caused it. -Infinity before the first. */
  readonly watermark: number
  /** Tables: the value before this one. */
  readonly old: V | null | undefined
  readonly tombstone: boolean
  readonly latest: boolean
  readonly final: boolean
  readonly headers: ReadonlyMap<string, Uint8Array> | undefined
  /** The source row that this row came from; undefined for a row made by the wall clock alone. */
  readonly origin: Origin | undefined
}
