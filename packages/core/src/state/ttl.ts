/**
 * A key-value store whose rows expire. It is made of a key-value store and a due store of any state, so that it is the same in memory
 * and on disk, and its rows are gone by ordinary deletes: no restore brings one back.
 *
 * What has expired is never read, whether it has been deleted yet or not; each access deletes a few of what is due. Each key has
 * one due entry, which is not moved by every write: when it comes up and the row has been touched since, it moves behind that.
 */
import { assert } from '../assert.ts'
import type { Serde } from '../serde/serde.ts'
import type {
  Backing,
  DueStore,
  KeyValueStore,
  RangeOptions,
  Rows,
  StoreClocks,
  Ttl,
} from './store.ts'
import type { StoreTimes } from './stored-rows.ts'

interface Entry<V> {
  value: V
  /** When it was touched last. */
  touched: number
  /** Where it stands in the due store; -Infinity: nowhere, as it was touched before there was any event time. */
  due: number
}

/** Rows that are due and looked at per access: more than one, so that they cannot pile up. */
const cleanedPerAccess = 2

export function expiring<K, V>(backing: Backing, rows: Rows<K, V>, ttl: Ttl): KeyValueStore<K, V> {
  return new ExpiringStore(backing, rows, ttl)
}

class ExpiringStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string
  readonly #key: Serde<K>
  readonly #rows: KeyValueStore<K, Entry<V>>
  readonly #due: DueStore
  readonly #clocks: StoreClocks
  readonly #ttl: Ttl

  constructor(backing: Backing, rows: Rows<K, V>, ttl: Ttl) {
    assert(backing.clocks !== undefined, 'a store with ttl is opened with clocks')
    this.name = rows.name
    this.#key = rows.key
    this.#rows = backing.keyValue({ ...rows, value: touched(rows.value) })
    this.#due = backing.due({ name: `${rows.name}/ttl`, value: nothing })
    this.#clocks = backing.clocks
    this.#ttl = ttl
  }

  get(key: K): V | undefined {
    const now = this.#clean()
    const entry = this.#rows.get(key)
    if (entry === undefined || this.#expired(entry, now)) return undefined
    if (this.#ttl.refresh === 'readWrite') this.#touch(key, entry)
    return entry.value
  }

  put(key: K, value: V): void {
    if (value === undefined) return this.#rows.put(key, value as never) // refused as everywhere
    this.#clean()
    const entry = this.#rows.get(key) ?? { value, touched: -Infinity, due: -Infinity }
    entry.value = value
    this.#touch(key, entry, true)
  }

  delete(key: K): void {
    this.#clean()
    const entry = this.#rows.get(key)
    if (entry === undefined) return
    if (entry.due > -Infinity) this.#due.delete(entry.due, this.#key.encode(key))
    this.#rows.delete(key)
  }

  range(
    from: K | undefined,
    to: K | undefined,
    options: RangeOptions = {},
  ): Iterable<readonly [K, V]> {
    return this.#living(this.#rows.range(from, to, directionOf(options)), options)
  }

  prefix(bytes: Uint8Array, options: RangeOptions = {}): Iterable<readonly [K, V]> {
    return this.#living(this.#rows.prefix(bytes, directionOf(options)), options)
  }

  all(options: RangeOptions = {}): Iterable<readonly [K, V]> {
    return this.#living(this.#rows.all(directionOf(options)), options)
  }

  *#living(
    rows: Iterable<readonly [K, Entry<V>]>,
    { limit = Infinity }: RangeOptions,
  ): Generator<readonly [K, V]> {
    let left = limit
    if (left <= 0) return
    for (const [key, entry] of rows) {
      if (this.#expired(entry, this.#now)) continue
      if (this.#ttl.refresh === 'readWrite') this.#touch(key, entry)
      yield [key, entry.value]
      if (--left <= 0) return
    }
  }

  /** A row of an older time leaves it as young as it was. */
  #touch(key: K, entry: Entry<V>, written: boolean = false): void {
    const time = this.#ttl.by === 'event' ? this.#clocks.writeTime() : this.#clocks.now()
    if (time <= entry.touched && !written) return
    entry.touched = Math.max(entry.touched, time)
    if (entry.due === -Infinity && entry.touched > -Infinity) {
      entry.due = entry.touched + this.#ttl.afterMs
      this.#due.put(entry.due, this.#key.encode(key), null)
    }
    this.#rows.put(key, entry)
  }

  get #now(): number {
    return this.#ttl.by === 'event' ? this.#clocks.eventTime() : this.#clocks.now()
  }

  #expired(entry: Entry<V>, now: number): boolean {
    return isExpired(entry, this.#ttl, now)
  }

  /** Gives back what time it is. */
  #clean(): number {
    const now = this.#now
    for (let i = 0; i < cleanedPerAccess; i++) {
      const due = this.#due.first(now)
      if (due === undefined) break
      const { time, id } = due
      const key = this.#key.decode(id)
      const entry = this.#rows.get(key)
      this.#due.delete(time, id)
      if (entry === undefined || entry.due !== time) continue
      if (this.#expired(entry, now)) this.#rows.delete(key)
      else {
        entry.due = entry.touched + this.#ttl.afterMs
        this.#due.put(entry.due, id, null)
        this.#rows.put(key, entry)
      }
    }
    return now
  }
}

function isExpired({ touched: time }: Entry<unknown>, { afterMs }: Ttl, now: number): boolean {
  return time > -Infinity && time + afterMs <= now
}

/** For those who only look: the value in a row, unless it has expired. */
export function livingValue<V>(
  value: Serde<V>,
  ttl: Ttl,
): (bytes: Uint8Array, times: StoreTimes) => V | undefined {
  const entries = touched(value)
  return (bytes, times) => {
    const entry = entries.decode(bytes)
    const now = ttl.by === 'event' ? times.eventTime() : times.now()
    return isExpired(entry, ttl, now) ? undefined : entry.value
  }
}

/** The limit counts what lives. */
function directionOf({ reverse = false }: RangeOptions): RangeOptions {
  return { reverse }
}

/** Two doubles, big-endian: touched, due; then the value as its own serde writes it. */
function touched<V>(inner: Serde<V>): Serde<Entry<V>> {
  return {
    name: `touched(${inner.name})`,
    encode(entry) {
      const body = inner.encode(entry.value)
      const bytes = new Uint8Array(16 + body.length)
      const view = new DataView(bytes.buffer)
      view.setFloat64(0, entry.touched)
      view.setFloat64(8, entry.due)
      bytes.set(body, 16)
      return bytes
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return {
        value: inner.decode(bytes.subarray(16)),
        touched: view.getFloat64(0),
        due: view.getFloat64(8),
      }
    },
  }
}

const nothing: Serde<null> = {
  name: 'nothing',
  encode: () => new Uint8Array(0),
  decode: () => null,
}
