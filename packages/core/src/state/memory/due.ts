/**
 * A due store in memory. Entries of one time lie in one bucket, sorted by id only when somebody reads it; the times are a sorted
 * list, so that many entries of few times (closes of windows) cost a push each.
 */
import { compareBytes } from '../byte-order.ts'
import { textOf } from '../byte-text.ts'
import { BytePool } from '../byte-pool.ts'
import { FrozenDelta, FrozenValue } from '../delta.ts'
import { dueKey, parseDueKey } from '../due-key.ts'
import type { StoreDelta, StoreOp } from '../state.ts'
import type { Due, DueRows, DueStore } from '../store.ts'
import type { Serde } from '../../serde/serde.ts'
import { SortedTimes } from '../sorted-times.ts'

interface Entry<V> extends Due<V> {
  value: V
  deleted: boolean
  dirty: boolean
  /** A delta that holds the object `value` and may not have encoded it. */
  frozen: FrozenValue<V> | undefined
}

interface Bucket<V> {
  readonly byId: Map<string, Entry<V>>
  /** In order once sorted; deleted entries stay until they are passed. */
  list: Entry<V>[]
  sorted: boolean
  next: number
}

export class MemoryDueStore<V> implements DueStore<V> {
  readonly name: string
  readonly starved = false as const
  readonly #serde: Serde<V>
  readonly #buckets = new Map<number, Bucket<V>>()
  readonly #pool = new BytePool()
  readonly #times = new SortedTimes()
  #dirty: Entry<V>[] = []
  #size = 0

  constructor({ name, value }: DueRows<V>) {
    this.name = name
    this.#serde = value
  }

  get size(): number {
    return this.#size
  }

  put(time: number, id: Uint8Array, value: V): void {
    this.#touch(this.#set(time, id, value))
  }

  delete(time: number, id: Uint8Array): void {
    const entry = this.#remove(time, id)
    if (entry !== undefined) this.#touch(entry)
  }

  get(time: number, id: Uint8Array): V | undefined {
    return handedOut(this.#buckets.get(time)?.byId.get(textOf(id)))?.value
  }

  first(upTo: number): Due<V> | undefined {
    const time = this.#times.first
    if (time === undefined || time > upTo) return undefined
    const bucket = this.#buckets.get(time)!
    this.#sort(bucket)
    while (bucket.list[bucket.next]!.deleted) bucket.next++
    return handedOut(bucket.list[bucket.next])
  }

  *entries(): Generator<Due<V>> {
    for (const time of this.#times.all()) {
      const bucket = this.#buckets.get(time)
      if (bucket === undefined) continue
      this.#sort(bucket)
      for (const entry of bucket.list.slice(bucket.next))
        if (!entry.deleted) yield handedOut(entry)!
    }
  }

  // ---- for the task

  get dirty(): number {
    return this.#dirty.length
  }

  freeze(): StoreDelta {
    const ops = this.#dirty.map((entry): StoreOp | FrozenValue<V> => {
      entry.dirty = false
      const key = dueKey(entry.time, entry.id)
      if (entry.deleted) return { key, value: null }
      entry.frozen = new FrozenValue(this.name, this.#serde, key, entry.value)
      return entry.frozen
    })
    this.#dirty = []
    return new FrozenDelta(this.name, ops)
  }

  restore(ops: Iterable<StoreOp>): void {
    for (const { key, value } of ops) {
      const { time, id } = parseDueKey(key)
      if (value === null) this.#remove(time, id)
      else this.#set(time, id, this.#serde.decode(value))
    }
  }

  #set(time: number, id: Uint8Array, value: V): Entry<V> {
    let bucket = this.#buckets.get(time)
    if (bucket === undefined) {
      bucket = { byId: new Map(), list: [], sorted: true, next: 0 }
      this.#buckets.set(time, bucket)
      this.#times.add(time)
    }
    const text = textOf(id)
    const existing = bucket.byId.get(text)
    if (existing !== undefined) {
      existing.value = value
      existing.frozen = undefined
      return existing
    }
    const entry: Entry<V> = {
      time,
      id: this.#pool.keep(id),
      value,
      deleted: false,
      dirty: false,
      frozen: undefined,
    }
    bucket.byId.set(text, entry)
    bucket.list.push(entry)
    bucket.sorted = bucket.list.length === 1
    this.#size++
    return entry
  }

  #remove(time: number, id: Uint8Array): Entry<V> | undefined {
    const bucket = this.#buckets.get(time)
    const text = textOf(id)
    const entry = bucket?.byId.get(text)
    if (bucket === undefined || entry === undefined) return undefined
    entry.deleted = true
    this.#size--
    bucket.byId.delete(text)
    if (bucket.byId.size === 0) {
      this.#buckets.delete(time)
      this.#times.remove(time)
    }
    return entry
  }

  #sort(bucket: Bucket<V>): void {
    if (bucket.sorted) return
    bucket.list = [...bucket.byId.values()].sort((a, b) => compareBytes(a.id, b.id))
    bucket.next = 0
    bucket.sorted = true
  }

  #touch(entry: Entry<V>): void {
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }
}

/** Its object may change from here on: a delta that holds it has its bytes. */
function handedOut<V>(entry: Entry<V> | undefined): Entry<V> | undefined {
  if (entry?.frozen !== undefined) {
    entry.frozen.encode()
    entry.frozen = undefined
  }
  return entry
}
