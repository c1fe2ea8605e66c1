/**
 * CapturePort: a sink that keeps what it is given, for tests. Rows become visible at a freeze, as everywhere: what a failed row
 * had written before it failed is never seen. Values are copied on entry, as the contract of a sink asks.
 */
import type { Position } from '../log/position.ts'
import type { RowContext, Section, SinkPort } from '../sink.ts'

export interface CapturedRow {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers: ReadonlyMap<string, Uint8Array> | undefined
  /** The row that made it leave; undefined where only the clock did. */
  readonly origin: { readonly split: string; readonly position: Position } | undefined
}

export class CapturePort implements SinkPort {
  readonly #visible: CapturedRow[]
  #written: CapturedRow[] = []

  constructor(visible: CapturedRow[]) {
    this.#visible = visible
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(key: unknown, value: unknown, row: RowContext): boolean {
    this.#written.push({
      key: copyOf(key),
      value: copyOf(value),
      timestamp: row.time,
      headers: row.headers,
      origin: row.origin && { split: row.origin.split, position: row.origin.position },
    })
    return true
  }

  freeze(): readonly Section[] {
    this.#visible.push(...this.#written)
    this.#written = []
    return []
  }

  /** What was written and not frozen goes with its task. */
  drop(): void {
    this.#written = []
  }

  publish(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** One level is enough: a row's object gains fields, its parts are not changed by the engine. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return [...value]
  return Object.getPrototypeOf(value) === Object.prototype ? { ...value } : value
}
