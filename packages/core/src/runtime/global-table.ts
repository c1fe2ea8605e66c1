/**
 * GlobalTable: a whole topic in a worker, shared by its tasks. It is rebuilt from the topic at each start, not checkpointed, and a row
 * of it is applied between two rows of a task, never within one. It is not timed with the streams.
 */
import { Buffer } from 'node:buffer'
import type { TableEntry, TableReader } from '../processors/processor.ts'
import { Counters } from '../processors/counters.ts'
import type { LogFn } from '../env.ts'
import { MillraceError, messageOf } from '../errors.ts'
import type { Decoder, Encoder } from '../serde/serde.ts'
import { sortedBetween, withZero } from '../state/byte-order.ts'
import type { Pair, StoreReader } from '../state/stored-rows.ts'
import type { GlobalNode, OnError } from '../topology/graph-node.ts'

export class GlobalTable implements TableReader {
  readonly counters: Counters = new Counters()
  readonly #source: GlobalSource
  readonly #rows = new Map<unknown, GlobalEntry>()

  readonly #onBadRow: (error: unknown) => void

  /** `onBadRow` is told of a row that cannot be read; it throws where such a row stops the worker. */
  constructor(source: GlobalSource, onBadRow: (error: unknown) => void) {
    this.#source = source
    this.#onBadRow = onBadRow
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
    try {
      this.#put(key as Uint8Array, value as Uint8Array | null, time)
    } catch (error) {
      this.#onBadRow(error)
      counters.drop('undecodable')
      return
    }
    counters.absorbed++
  }

  #put(keyBytes: Uint8Array, value: Uint8Array | null, time: number): void {
    const key = this.#source.key.decode(keyBytes)
    const identity = this.#identity(key)
    if (value === null) this.#rows.delete(identity)
    else this.#rows.set(identity, { key, value: this.#source.value.decode(value), time })
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

/** A global table has no task, so a row of it has no dead letter: under any policy but 'fail' it is counted and logged. */
export function badGlobalRow(
  { name, onError }: GlobalNode,
  appPolicy: OnError,
  log: LogFn,
): (error: unknown) => void {
  let rows = 0
  return (error) => {
    if ((onError ?? appPolicy) === 'fail')
      throw new MillraceError(
        'MILLRACE_NODE_FAILED',
        `a row of the global table ${name} cannot be read: ${messageOf(error)}. Remove it, or give the table { onError: 'skip' }`,
        { at: { node: name }, cause: error },
      )
    rows++
    if (/^10*$/.test(String(rows)))
      log('warn', `row skipped: ${messageOf(error)}`, { node: name, count: rows })
  }
}
