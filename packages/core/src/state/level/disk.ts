/**
 * The rows of one store in a LevelDB: `[store u8][kind u8][user key]`, behind the prefix of the database's user. Reads are
 * synchronous, one key each (2.7 to 4.6 us; an awaited read takes ten times the CPU); writes and scans are promises and come
 * in pieces, since handing a batch over stalls the loop for 5 us per row.
 */
import type { Level } from 'level'
import { MillraceError, messageOf } from '../../errors.ts'
import { behindPrefix } from '../byte-order.ts'
import type { StoreOp } from '../state.ts'

export type LevelHandle = Level<Uint8Array, Uint8Array>

/** The second byte of a key. */
export const kinds: { readonly value: number; readonly due: number } = { value: 0, due: 1 }

export interface DiskRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Rows handed over in one piece. */
export const rowsPerPiece = 1_000

export class DiskRows {
  readonly #level: LevelHandle
  readonly #prefix: Uint8Array
  readonly #behind: Uint8Array
  /** Nothing was written yet: then a read of a missing key does not ask the disk. */
  #empty = true

  constructor(level: LevelHandle, prefix: Uint8Array) {
    this.#level = level
    this.#prefix = prefix
    this.#behind = behindPrefix(prefix)!
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#empty) return undefined
    try {
      return this.#level.getSync(this.#prefixed(key))
    } catch (error) {
      throw damaged(this.#level.location, error)
    }
  }

  /** Of a key that was written. */
  read(key: Uint8Array): Uint8Array {
    const value = this.get(key)
    if (value === undefined) throw damaged(this.#level.location, new Error('a row is gone'))
    return value
  }

  /** At most `rowsPerPiece`. */
  async write(ops: readonly StoreOp[]): Promise<void> {
    this.#empty = false
    const batch = ops.map(({ key, value }) =>
      value === null
        ? { type: 'del' as const, key: this.#prefixed(key) }
        : { type: 'put' as const, key: this.#prefixed(key), value },
    )
    try {
      await this.#level.batch(batch)
    } catch (error) {
      throw damaged(this.#level.location, error)
    }
  }

  /** Rows from a key on, in their order; fewer than `max` means that there are no more. */
  async scan(from: Uint8Array, max: number): Promise<readonly DiskRow[]> {
    const rows: DiskRow[] = []
    try {
      const iterator = this.#level.iterator({ gte: this.#prefixed(from), lt: this.#behind })
      try {
        while (rows.length < max) {
          const piece = await iterator.nextv(Math.min(rowsPerPiece, max - rows.length))
          if (piece.length === 0) break
          for (const [key, value] of piece)
            rows.push({ key: key.subarray(this.#prefix.length), value })
        }
      } finally {
        await iterator.close()
      }
    } catch (error) {
      throw damaged(this.#level.location, error)
    }
    return rows
  }

  /** Rows in [from, to), in pieces, as they were when the first piece was asked for. */
  async *pieces(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): AsyncGenerator<readonly DiskRow[]> {
    const iterator = this.#level.iterator({
      gte: this.#prefixed(from ?? new Uint8Array(0)),
      lt: to === undefined ? this.#behind : this.#prefixed(to),
      reverse,
    })
    try {
      for (;;) {
        const piece = await iterator.nextv(rowsPerPiece)
        if (piece.length === 0) return
        yield piece.map(([key, value]) => ({ key: key.subarray(this.#prefix.length), value }))
      }
    } catch (error) {
      throw damaged(this.#level.location, error)
    } finally {
      await iterator.close()
    }
  }

  #prefixed(key: Uint8Array): Uint8Array {
    const prefixed = new Uint8Array(this.#prefix.length + key.length)
    prefixed.set(this.#prefix)
    prefixed.set(key, this.#prefix.length)
    return prefixed
  }
}

/** The directory is a cache: whoever opens the task again begins with an empty one. */
function damaged(location: string, error: unknown): MillraceError {
  return new MillraceError(
    'MILLRACE_STATE_DAMAGED',
    `the local state in ${location} cannot be read or written: ${messageOf((error as { cause?: unknown }).cause ?? error)}. It is a cache of the checkpoint: the task is built anew without it; if this comes again, look at the disk`,
    { cause: error },
  )
}
