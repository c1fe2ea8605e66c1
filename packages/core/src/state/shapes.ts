/**
 * Shapes: stores of what one row reads together. On disk the one synchronous read is get by key, so each shape keeps it in
 * **one value** of a key-value store below: windows of (key, time bucket), sessions of a key, versions of a key. Freeze,
 * restore and identity of keys are those of the store below.
 *
 * Order by time over all keys (closes, expiry) is no read of these stores: it is an index of what is due, kept apart.
 */
export interface WindowStore<in out K, in out V> {
  readonly name: string
  get(key: K, start: number): V | undefined
  put(key: K, start: number, value: V): void
  delete(key: K, start: number): void
  /** Windows of the key that start in [from, to], by start. */
  windows(
    key: K,
    from: number,
    to: number,
    options?: { readonly reverse?: boolean },
  ): Iterable<readonly [start: number, value: V]>
}

export interface Session<out V> {
  readonly start: number
  readonly end: number
  readonly value: V
}

export interface SessionStore<in out K, in out V> {
  readonly name: string
  /** Sessions of the key that touch [from, to], by end, then start. */
  sessions(key: K, from: number, to: number): readonly Session<V>[]
  /** A session is its key, start and end: another end is another session. */
  put(key: K, start: number, end: number, value: V): void
  delete(key: K, start: number, end: number): void
}

export interface Version<out V> {
  readonly value: V
  /** Valid from then on, until `to`. */
  readonly from: number
  /** Undefined: still valid. */
  readonly to: number | undefined
}

export interface VersionedStore<in out K, in out V> {
  readonly name: string
  /** The newest version; undefined when there is none or the newest one deletes. */
  get(key: K): Version<V> | undefined
  /** The version valid at that time; undefined, too, when the history does not reach back so far. */
  at(key: K, time: number): Version<V> | undefined
  /** Null deletes from that time on. False: older than the history that is kept, so nothing was done. */
  put(key: K, value: V | null, time: number): boolean
}
