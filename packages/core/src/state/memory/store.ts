/**
 * A key-value store in memory: what the one on disk is without its disk. Each key has one entry for as long as it is there or
 * its deletion is not frozen; dirty entries are what the next freeze takes.
 */
import { assert } from '../../assert.ts'
import { MillraceError } from '../../errors.ts'
import type { Serde } from '../../serde/serde.ts'
import { sortedBetween } from '../byte-order.ts'
import { BytePool } from '../byte-pool.ts'
import { FrozenDelta, FrozenValue } from '../delta.ts'
import { KeyIndex } from '../key-index.ts'
import { OrderedReads } from '../ordered-reads.ts'
import { SortedKeys } from '../sorted-keys.ts'
import type { StoreDelta, StoreOp } from '../state.ts'
import type { StoredRow, StoredRows } from '../stored-rows.ts'
import type { KeyValueStore, RangeOptions, Rows } from '../store.ts'

interface Entry<K, V> {
  readonly key: K
  /** Of the key. */
  readonly bytes: Uint8Array
  value: V | undefined
  /** The value as it was restored, until somebody asks for it. */
  restored: Uint8Array | undefined
  present: boolean
  dirty: boolean
  /** A delta that holds the object `value` and may not have encoded it. */
  frozen: FrozenValue<V> | undefined
}

export class MemoryStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string
  readonly #keys: Serde<K>
  readonly #values: Serde<V>
  readonly #index: KeyIndex<K, Entry<K, V>>
  readonly #pool = new BytePool()
  readonly #sorted: SortedKeys<Entry<K, V>> | undefined
  readonly #reads: OrderedReads<K, V, Entry<K, V>>
  #dirty: Entry<K, V>[] = []

  constructor({ name, key, value, ordered, orderedKeysMax }: Rows<K, V>) {
    this.name = name
    this.#keys = key
    this.#values = value
    this.#index = new KeyIndex(key)
    this.#sorted = ordered ? new SortedKeys(name, orderedKeysMax) : undefined
    this.#reads = new OrderedReads(name, key, this.#sorted, (entry) => this.#valueOf(entry) as V)
  }

  get(key: K): V | undefined {
    const entry = this.#index.find(key)
    return entry === undefined ? undefined : this.#valueOf(entry)
  }

  put(key: K, value: V): void {
    if (value === undefined)
      throw new MillraceError(
        'MILLRACE_ENCODE',
        `undefined was put into the store ${this.name}: call delete(key)`,
      )
    const entry = this.#index.find(key) ?? this.#add(this.#keys.encode(key))
    this.#show(entry)
    entry.value = value
    entry.restored = undefined
    entry.frozen = undefined
    this.#touch(entry)
  }

  delete(key: K): void {
    const entry = this.#index.find(key)
    if (entry === undefined || !entry.present) return
    this.#hide(entry)
    this.#touch(entry)
  }

  range(from: K | undefined, to: K | undefined, options?: RangeOptions): Iterable<readonly [K, V]> {
    return this.#reads.range(from, to, options)
  }

  prefix(bytes: Uint8Array, options?: RangeOptions): Iterable<readonly [K, V]> {
    return this.#reads.prefix(bytes, options)
  }

  all(options?: RangeOptions): Iterable<readonly [K, V]> {
    return this.#reads.all(options)
  }

  // ---- for queries

  get newest(): StoredRows {
    return {
      get: (key) => this.#storedAt(key),
      between: (from, to, reverse) => this.#storedBetween(from, to, reverse),
    }
  }

  /** Its entry stays as it is: whether a delta holds the object, too, is not touched. */
  #storedAt(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#index.findBytes(key)
    if (entry === undefined || !entry.present) return undefined
    return (entry.restored ?? this.#values.encode(entry.value as V)).slice()
  }

  *#storedBetween(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): Generator<StoredRow> {
    const entries =
      this.#sorted?.between(from, to, reverse, Infinity) ??
      sortedBetween(this.#index.values(), from, to, reverse)
    for (const { bytes } of entries) {
      const value = this.#storedAt(bytes)
      if (value !== undefined) yield { key: bytes.slice(), value }
    }
  }

  // ---- for the task

  get dirty(): number {
    return this.#dirty.length
  }

  freeze(): StoreDelta {
    const ops = this.#dirty.map((entry) => this.#freeze(entry))
    this.#dirty = []
    return new FrozenDelta(this.name, ops)
  }

  restore(ops: Iterable<StoreOp>): void {
    assert(this.#dirty.length === 0, 'Law 2: a store is restored before its first row')
    for (const { key, value } of ops) {
      const entry = this.#index.findBytes(key) ?? this.#add(key)
      if (value === null) {
        this.#hide(entry)
        this.#index.remove(entry.key, entry)
      } else {
        this.#show(entry)
        entry.value = undefined
        entry.restored = value.slice()
      }
    }
  }

  #valueOf(entry: Entry<K, V>): V | undefined {
    if (entry.frozen !== undefined) {
      entry.frozen.encode()
      entry.frozen = undefined
    }
    if (entry.restored !== undefined) {
      entry.value = this.#values.decode(entry.restored)
      entry.restored = undefined
    }
    return entry.value
  }

  #add(bytes: Uint8Array): Entry<K, V> {
    // Decoded anew: a key that is an object stays the caller's, who may change it.
    const entry: Entry<K, V> = {
      key: this.#keys.decode(bytes),
      bytes: this.#pool.keep(bytes),
      value: undefined,
      restored: undefined,
      present: false,
      dirty: false,
      frozen: undefined,
    }
    this.#index.set(entry.key, entry)
    return entry
  }

  #show(entry: Entry<K, V>): void {
    if (entry.present) return
    this.#sorted?.add(entry)
    entry.present = true
  }

  #hide(entry: Entry<K, V>): void {
    if (entry.present) this.#sorted?.remove(entry)
    entry.present = false
    entry.value = undefined
    entry.restored = undefined
    entry.frozen = undefined
  }

  #touch(entry: Entry<K, V>): void {
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }

  #freeze(entry: Entry<K, V>): StoreOp {
    entry.dirty = false
    if (!entry.present) {
      this.#index.remove(entry.key, entry)
      return { key: entry.bytes, value: null }
    }
    entry.frozen = new FrozenValue(this.name, this.#values, entry.bytes, entry.value as V)
    return entry.frozen
  }
}
