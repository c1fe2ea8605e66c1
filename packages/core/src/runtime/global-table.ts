/**
 * GlobalTable: a whole topic in a worker, shared by its tasks. It is rebuilt from the topic at each start, not checkpointed, and a row
 * of it is applied between two rows of a task, never within one. It is not timed with the streams.
 */
import { Buffer } from 'node:buffer'
import type { TableEntry, TableReader } from '../processors/processor.ts'
import { Counters } from '../processors/counters.ts'
import { MillraceError } from '../errors.ts'
import type { Decoder, Encoder } from '../serde/serde.ts'
import { sortedBetween, withZero } from '../state/byte-order.ts'
import type { Pair, StoreReader } from '../state/stored-rows.ts'

export class GlobalTable implements TableReader {
  readonly counters: Counters = new Counters()
  readonly #source: GlobalSource
  readonly #rows = new Map<unknown, GlobalEntry>()

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
    const decoded = this.#source.key.decode(key as Uint8Array)
    const identity = this.#identity(decoded)
    if (value === null) this.#rows.delete(identity)
    else {
      const row = this.#source.value.decode(value as Uint8Array)
      this.#rows.set(identity, { key: decoded, value: row, time })
    }
  }

  /**
   * For those who ask it by its name. What they are given belongs to the table. In the order of the keys' bytes; where the source
   * only decodes keys, in the order in which they came.
   */
  get reader(): StoreReader {
    return {
      get: (key) => this.get(key)?.value,
      between: (from, to, reverse) => this.#between(from, to, reverse),
    }
  }

  #between(from: unknown, to: unknown, reverse: boolean): readonly Pair[] {
    const { key: serde, name } = this.#source
    const rows = [...this.#rows.values()]
    if (serde.encode === undefined) {
      if (from === undefined && to === undefined)
        return (reverse ? rows.reverse() : rows).map(({ key, value }) => [key, value])
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `range over the global table ${name}: its source cannot encode keys, which puts them in order. Ask for get(key) or all()`,
      )
    }
    const encode = (key: unknown): Uint8Array => serde.encode!.call(serde, key as never)
    const low = from === undefined ? undefined : encode(from)
    const high = to === undefined ? undefined : withZero(encode(to))
    const keyed = rows.map(({ key, value }) => ({ bytes: encode(key), key, value }))
    return sortedBetween(keyed, low, high, reverse).map(({ key, value }) => [key, value])
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

interface GlobalEntry extends TableEntry {
  readonly key: unknown
}

export interface GlobalSource {
  readonly name: string
  readonly key: Decoder<unknown> & Partial<Encoder<never>>
  readonly value: Decoder<unknown>
}
