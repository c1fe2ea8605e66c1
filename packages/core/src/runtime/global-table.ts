/**
 * GlobalTable: a whole topic in a worker, shared by its tasks. It is rebuilt from the topic at each start, not checkpointed, and a row
 * of it is applied between two rows of a task, never within one. It is not timed with the streams.
 */
import { Buffer } from 'node:buffer'
import type { TableEntry, TableReader } from '../processors/processor.ts'
import { Counters } from '../processors/counters.ts'
import type { Decoder, Encoder } from '../serde/serde.ts'

export class GlobalTable implements TableReader {
  readonly counters: Counters = new Counters()
  readonly #source: GlobalSource
  readonly #rows = new Map<unknown, TableEntry>()

  constructor(source: GlobalSource) {
    this.#source = source
  }

  get(key: unknown): TableEntry | undefined {
    return this.#rows.get(this.#identity(key))
  }

  /** A row as it stands in the log. */
  apply(key: unknown, value: unknown, time: number): void {
    const { counters } = this
    counters.taken++
    if (key === null) {
      counters.drop('null-key')
      return
    }
    counters.absorbed++
    const identity = this.#identity(this.#source.key.decode(key as Uint8Array))
    if (value === null) this.#rows.delete(identity)
    else this.#rows.set(identity, { value: this.#source.value.decode(value as Uint8Array), time })
  }

  get size(): number {
    return this.#rows.size
  }

  /** Two keys are equal iff their bytes are; text and numbers tell that by themselves. */
  #identity(key: unknown): unknown {
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint') return key
    const encode = this.#source.key.encode
    if (encode === undefined || key === null || key === undefined) return key
    return Buffer.from(encode.call(this.#source.key, key as never)).toString('latin1')
  }
}

export interface GlobalSource {
  readonly key: Decoder<unknown> & Partial<Encoder<never>>
  readonly value: Decoder<unknown>
}
