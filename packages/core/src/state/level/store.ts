/**
 * A key-value store on disk. An entry in memory is the truth about its key: a decoded value, or a deletion. It stays while it
 * is dirty, undecided or unwritten (changes.ts), and as long as the cache keeps it afterwards; a key without an entry is read
 * from the disk. A store that is `ordered` has an entry for each key, and only values leave memory.
 *
 * A value is encoded once per commit in which its key changed, and decoded once per read that misses.
 */
import { assert } from '../../assert.ts'
import { MillraceError } from '../../errors.ts'
import type { Serde } from '../../serde/serde.ts'
import {} from '../byte-order.ts'
import { FrozenValue } from '../delta.ts'
import { KeyIndex } from '../key-index.ts'
import { OrderedReads } from '../ordered-reads.ts'
import { SortedKeys } from '../sorted-keys.ts'
import type { StoreOp } from '../state.ts'
import type { RowsOf, StoredRows } from '../stored-rows.ts'
import type { KeyValueStore, RangeOptions, Rows } from '../store.ts'
import { Cached } from './cache.ts'
import type { Cache } from './cache.ts'
import { Changes } from './changes.ts'
import type { Backlog, Freeze, Unwritten } from './changes.ts'
import type { DiskRows } from './disk.ts'
import type { LevelPart } from './part.ts'
import { storedRows } from './stored.ts'

class Entry<K, V> extends Cached implements Unwritten {
  readonly store: LevelStore<K, V>
  readonly key: K
  readonly bytes: Uint8Array
  /** Undefined, too, when it was not asked for since it was restored or evicted. */
  value: V | undefined = undefined
  present = false
  /** A delta that holds the object `value` and may not have encoded it. */
  frozen: FrozenValue<V> | undefined = undefined
  dirty = false
  undecided = 0
  decided: StoreOp | undefined = undefined
  queued = false

  constructor(store: LevelStore<K, V>, key: K, bytes: Uint8Array) {
    super()
    this.store = store
    this.key = key
    this.bytes = bytes
  }

  override evicted(): void {
    this.store.release(this)
  }

  override get gone(): boolean {
    return this.store.closed
  }
}

export class LevelStore<K, V> implements KeyValueStore<K, V>, LevelPart {
  readonly name: string
  closed = false
  readonly #rows: DiskRows
  readonly #changes: Changes<Entry<K, V>>
  readonly #keys: Serde<K>
  readonly #values: Serde<V>
  readonly #index: KeyIndex<K, Entry<K, V>>
  readonly #sorted: SortedKeys<Entry<K, V>> | undefined
  readonly #reads: OrderedReads<K, V, Entry<K, V>>
  readonly #cache: Cache

  constructor(
    { name, key, value, ordered, orderedKeysMax }: Rows<K, V>,
    disk: { readonly rows: DiskRows; readonly cache: Cache; readonly backlog: Backlog },
  ) {
    this.name = name
    this.#rows = disk.rows
    this.#changes = new Changes<Entry<K, V>>(
      name,
      disk.backlog,
      (entry) => this.#frozen(entry),
      (entry, op) => this.#written(entry, op),
    )
    this.#keys = key
    this.#values = value
    this.#index = new KeyIndex(key)
    this.#sorted = ordered ? new SortedKeys(name, orderedKeysMax) : undefined
    this.#reads = new OrderedReads(name, key, this.#sorted, (entry) => this.#valueOf(entry) as V)
    this.#cache = disk.cache
  }

  get(key: K): V | undefined {
    const entry = this.#index.find(key)
    if (entry !== undefined) return this.#valueOf(entry)
    return this.#sorted === undefined ? this.#load(this.#keys.encode(key)) : undefined
  }

  put(key: K, value: V): void {
    if (value === undefined)
      throw new MillraceError(
        'MILLRACE_ENCODE',
        `undefined was put into the store ${this.name}: call delete(key)`,
      )
    const entry = this.#index.find(key) ?? this.#add(this.#keys.encode(key))
    if (!entry.present) this.#show(entry)
    entry.value = value
    entry.frozen = undefined
    this.#touch(entry)
  }

  delete(key: K): void {
    let entry = this.#index.find(key)
    if (entry === undefined) {
      if (this.#sorted !== undefined) return
      const bytes = this.#keys.encode(key)
      if (this.#rows.get(bytes) === undefined) return
      entry = this.#add(bytes)
    } else if (!entry.present) return
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

  // ---- for the task

  get dirty(): number {
    return this.#changes.dirty
  }

  freeze(): Freeze {
    return this.#changes.freeze()
  }

  restore(ops: Iterable<StoreOp>): void {
    assert(this.dirty === 0, 'Law 2: a store is restored before its first row')
    for (const { key, value } of ops) {
      const known = this.#index.findBytes(key)
      if (known === undefined && value === null && this.#sorted !== undefined) continue
      const entry = known ?? this.#add(key.slice())
      this.#cache.remove(entry)
      entry.value = undefined
      entry.frozen = undefined
      if (value === null) this.#hide(entry)
      else if (!entry.present) this.#show(entry)
      this.#changes.decide(entry, {
        key: entry.bytes,
        value: value === null ? null : value.slice(),
      })
    }
  }

  /** False when everything decided is on the disk. */
  apply(): Promise<boolean> {
    return this.#changes.write(this.#rows)
  }

  close(): void {
    this.closed = true
    this.#changes.close()
  }

  /** The cache needs its memory: the disk has what it holds. */
  release(entry: Entry<K, V>): void {
    entry.value = undefined
    if (this.#sorted === undefined) this.#index.remove(entry.key, entry)
  }

  // ---- for queries

  rows(of: RowsOf): StoredRows {
    const committed = of === 'committed'
    const sorted = committed ? undefined : this.#sorted
    return storedRows({
      name: this.name,
      isClosed: () => this.closed,
      read: (key) => (committed ? this.#committed(key) : this.#newest(key)),
      unwritten: () => this.#unwritten(committed),
      ...(sorted === undefined
        ? {}
        : { sorted: (from, to, reverse) => sorted.between(from, to, reverse, Infinity) }),
      pieces: (from, to, reverse) => this.#rows.pieces(from, to, reverse),
    })
  }

  *#unwritten(committed: boolean): Generator<Entry<K, V>> {
    for (const entry of this.#index.values())
      if (entry.decided !== undefined || (!committed && (entry.dirty || entry.undecided > 0)))
        yield entry
  }

  #committed(key: Uint8Array): Uint8Array | undefined {
    const decided = this.#index.findBytes(key)?.decided
    return decided === undefined ? this.#rows.get(key) : decided.value?.slice()
  }

  /** Its entry stays as it is: whether a delta holds the object, too, and when it was used last. */
  #newest(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#index.findBytes(key)
    if (entry === undefined) return this.#sorted === undefined ? this.#rows.get(key) : undefined
    if (!entry.present) return undefined
    if (entry.value !== undefined) return this.#values.encode(entry.value).slice()
    return entry.decided === undefined ? this.#rows.get(key) : entry.decided.value?.slice()
  }

  // ---- values

  /** The object itself. If a delta holds it too, that has its bytes from here on: the object may change. */
  #valueOf(entry: Entry<K, V>): V | undefined {
    if (entry.frozen !== undefined) {
      entry.frozen.encode()
      entry.frozen = undefined
    }
    if (entry.value !== undefined) {
      entry.used = true
      return entry.value
    }
    return entry.present ? this.#decode(entry) : undefined
  }

  /** A value that is in memory as bytes, or not at all. */
  #decode(entry: Entry<K, V>): V {
    const bytes = entry.decided?.value ?? this.#rows.read(entry.bytes)
    const value = this.#values.decode(bytes)
    entry.value = value
    if (entry.decided === undefined) this.#cache.add(entry, weightOf(entry, bytes.length))
    return value
  }

  #load(bytes: Uint8Array): V | undefined {
    const stored = this.#rows.get(bytes)
    if (stored === undefined) return undefined
    const value = this.#values.decode(stored)
    const entry = this.#add(bytes)
    entry.present = true
    entry.value = value
    this.#cache.add(entry, weightOf(entry, stored.length))
    return value
  }

  // ---- entries

  #add(bytes: Uint8Array): Entry<K, V> {
    // Decoded anew: a key that is an object stays the caller's, who may change it.
    const entry = new Entry<K, V>(this, this.#keys.decode(bytes), bytes)
    if (this.#sorted !== undefined) return entry // until it is shown: the order may be full
    this.#index.set(entry.key, entry)
    return entry
  }

  #show(entry: Entry<K, V>): void {
    if (this.#sorted !== undefined) {
      this.#sorted.add(entry)
      this.#index.set(entry.key, entry)
    }
    entry.present = true
  }

  #hide(entry: Entry<K, V>): void {
    if (entry.present) this.#sorted?.remove(entry)
    entry.present = false
    entry.value = undefined
    entry.frozen = undefined
  }

  #touch(entry: Entry<K, V>): void {
    if (entry.dirty) return
    this.#cache.remove(entry)
    this.#changes.touch(entry)
  }

  #frozen(entry: Entry<K, V>): StoreOp {
    if (!entry.present) return { key: entry.bytes, value: null }
    entry.frozen = new FrozenValue(this.name, this.#values, entry.bytes, entry.value as V)
    return entry.frozen
  }

  /** The disk has everything of it: a deletion needs no entry, a value that nobody asked for neither. */
  #written(entry: Entry<K, V>, op: StoreOp): void {
    entry.frozen = undefined
    if (!entry.present) this.#index.remove(entry.key, entry)
    else if (entry.value !== undefined)
      this.#cache.add(entry, weightOf(entry, op.value?.length ?? 0))
    else if (this.#sorted === undefined) this.#index.remove(entry.key, entry)
  }
}

/** What an entry takes beyond its bytes: the objects around it and its place in maps. */
const entryOverheadBytes = 400
/** Decoded objects take about so many times their bytes. */
const decodedFactor = 3

function weightOf(entry: { readonly bytes: Uint8Array }, valueBytes: number): number {
  return entryOverheadBytes + entry.bytes.length + valueBytes * decodedFactor
}
