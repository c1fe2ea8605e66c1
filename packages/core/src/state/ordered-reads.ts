/** The ordered reads of a key-value store, over its sorted keys. A store that does not declare `ordered` refuses them. */
import { MillraceError } from '../errors.ts'
import type { Encoder } from '../serde/serde.ts'
import { behindPrefix, withZero } from './byte-order.ts'
import type { Keyed, SortedKeys } from './sorted-keys.ts'
import type { RangeOptions } from './store.ts'

export interface OrderedEntry<K> extends Keyed {
  readonly key: K
  readonly present: boolean
}

export class OrderedReads<K, V, E extends OrderedEntry<K>> {
  readonly #store: string
  readonly #keys: Encoder<K>
  readonly #sorted: SortedKeys<E> | undefined
  readonly #valueOf: (entry: E) => V

  constructor(
    store: string,
    keys: Encoder<K>,
    sorted: SortedKeys<E> | undefined,
    valueOf: (entry: E) => V,
  ) {
    this.#store = store
    this.#keys = keys
    this.#sorted = sorted
    this.#valueOf = valueOf
  }

  range(
    from: K | undefined,
    to: K | undefined,
    options: RangeOptions = {},
  ): Iterable<readonly [K, V]> {
    const sorted = this.#ordered('range')
    const low = from === undefined ? undefined : this.#keys.encode(from)
    // Included: the lowest bytes above a key are the key and a zero.
    const high = to === undefined ? undefined : withZero(this.#keys.encode(to))
    return this.#read(sorted, low, high, options)
  }

  prefix(bytes: Uint8Array, options: RangeOptions = {}): Iterable<readonly [K, V]> {
    return this.#read(this.#ordered('prefix'), bytes, behindPrefix(bytes), options)
  }

  all(options: RangeOptions = {}): Iterable<readonly [K, V]> {
    return this.#read(this.#ordered('all'), undefined, undefined, options)
  }

  *#read(
    sorted: SortedKeys<E>,
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    { reverse = false, limit = Infinity }: RangeOptions,
  ): Generator<readonly [K, V]> {
    for (const entry of sorted.between(from, to, reverse, limit))
      if (entry.present) yield [entry.key, this.#valueOf(entry)]
  }

  #ordered(verb: string): SortedKeys<E> {
    if (this.#sorted !== undefined) return this.#sorted
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb} over the store ${this.#store}, which is not ordered: declare it with { ordered: true }`,
    )
  }
}
