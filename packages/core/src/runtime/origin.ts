/**
 * Where the row in progress came from. One object per stage, pointed at the row's batch, so that a row costs nothing; text
 * and bytes are made on demand. `keep` holds on to the fetch batch, which stays valid while somebody does: right for rows that
 * wait for an answer, which are few and soon gone.
 */
import type { Batch } from '../log/source-port.ts'
import type { Position } from '../log/position.ts'
import type { Origin } from '../row.ts'

export class BatchOrigin implements Origin {
  source = ''
  batch!: Batch
  index = 0

  point(source: string, batch: Batch, index: number): this {
    this.source = source
    this.batch = batch
    this.index = index
    return this
  }

  get split(): string {
    return this.batch.split
  }

  get position(): Position {
    return this.batch.position(this.index)
  }

  bytes(): Uint8Array | undefined {
    return bytesOf(this.batch.value(this.index))
  }

  keyBytes(): Uint8Array | undefined {
    return bytesOf(this.batch.key(this.index))
  }

  keep(): Origin {
    return new BatchOrigin().point(this.source, this.batch, this.index)
  }
}

/** The origin of a row that was in flight at the commit it was restored from. */
export class KeptOrigin implements Origin {
  readonly source: string
  readonly split: string
  readonly position: Position
  readonly #bytes: Uint8Array | undefined
  readonly #keyBytes: Uint8Array | undefined

  constructor(
    source: string,
    split: string,
    position: Position,
    bytes: Uint8Array | undefined,
    keyBytes: Uint8Array | undefined,
  ) {
    this.source = source
    this.split = split
    this.position = position
    this.#bytes = bytes
    this.#keyBytes = keyBytes
  }

  bytes(): Uint8Array | undefined {
    return this.#bytes
  }

  keyBytes(): Uint8Array | undefined {
    return this.#keyBytes
  }

  keep(): Origin {
    return this
  }
}

/** A source without bytes (a generator) gives its value as JSON text, where it has one. */
function bytesOf(wire: unknown): Uint8Array | undefined {
  if (wire instanceof Uint8Array) return wire
  if (wire === null || wire === undefined) return undefined
  try {
    const text = JSON.stringify(wire)
    return text === undefined ? undefined : new TextEncoder().encode(text)
  } catch {
    return undefined
  }
}
