/**
 * Where the row in progress came from. One object per stage, pointed at the row's batch, so that a row costs nothing; text
 * and bytes are made on demand. `keep` copies what must outlive the fetch batch.
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
    return new KeptOrigin(
      this.source,
      this.split,
      this.position,
      copy(this.bytes()),
      copy(this.keyBytes()),
    )
  }
}

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

function copy(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : bytes.slice()
}
