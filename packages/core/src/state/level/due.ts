/**
 * A due store on disk. In memory are the lowest entries, up to the **front**: everything below it, so the lowest of them is the
 * lowest there is. Entries beyond the front are in memory only while the disk does not have them yet (changes.ts).
 *
 * The front lies behind everything at first. One entry more than `frontMax` moves it down: the highest entry leaves. It moves
 * up by `refill`, when a read has come to the end: a scan of the disk, in which whatever is in memory wins over what was read.
 */
import { assert } from '../../assert.ts'
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../byte-order.ts'
import { FrozenValue } from '../delta.ts'
import { dueKey, parseDueKey } from '../due-key.ts'
import { SortedKeys } from '../sorted-keys.ts'
import type { StoreOp } from '../state.ts'
import type { Due, DueRows, DueStore } from '../store.ts'
import { Changes } from './changes.ts'
import type { Backlog, Freeze, Unwritten } from './changes.ts'
import type { DiskRow, DiskRows } from './disk.ts'
import { textOf } from '../byte-text.ts'
import type { LevelPart } from './part.ts'

class Entry<V> implements Due<V>, Unwritten {
  readonly bytes: Uint8Array
  readonly time: number
  readonly id: Uint8Array
  readonly #serde: Serde<V>
  /** The value as it was read or restored, until somebody asks for it. */
  #stored: Uint8Array | undefined = undefined
  #object: V | undefined = undefined
  #frozen: FrozenValue<V> | undefined = undefined
  present = false
  /** It lies below the front. */
  near = false
  dirty = false
  undecided = 0
  decided: StoreOp | undefined = undefined
  queued = false

  constructor(bytes: Uint8Array, serde: Serde<V>) {
    const { time, id } = parseDueKey(bytes)
    this.bytes = bytes
    this.time = time
    this.id = id
    this.#serde = serde
  }

  /** The object itself: a delta that holds it has its bytes from here on. */
  get value(): V {
    if (this.#frozen !== undefined) {
      this.#frozen.encode()
      this.#frozen = undefined
    }
    if (this.#stored !== undefined) {
      this.#object = this.#serde.decode(this.#stored)
      this.#stored = undefined
    }
    return this.#object as V
  }

  put(value: V): void {
    this.#object = value
    this.#stored = undefined
    this.#frozen = undefined
  }

  putStored(value: Uint8Array): void {
    this.#object = undefined
    this.#stored = value
    this.#frozen = undefined
  }

  freeze(store: string): StoreOp {
    if (!this.present) return { key: this.bytes, value: null }
    this.#frozen = new FrozenValue(store, this.#serde, this.bytes, this.#object as V)
    return this.#frozen
  }

  written(): void {
    this.#frozen = undefined
  }
}

/** Entries that `entries` looks up at once. */
const stride = 256

export class LevelDueStore<V> implements DueStore<V>, LevelPart {
  readonly name: string
  /** A read came to the end of what is in memory, and there is more. */
  starved: boolean = false
  readonly #rows: DiskRows
  readonly #changes: Changes<Entry<V>>
  readonly #serde: Serde<V>
  readonly #frontMax: number
  readonly #onStarved: () => void
  /** In memory, by the text of their keys: those below the front, and those that are not written. */
  readonly #entries: Map<string, Entry<V>> = new Map()
  /** Those that are present and below the front. */
  readonly #near: SortedKeys<Entry<V>>
  /** The front: undefined lies behind everything. */
  #front: Uint8Array | undefined = undefined
  #size = 0

  constructor(
    { name, value }: DueRows<V>,
    disk: { readonly rows: DiskRows; readonly backlog: Backlog },
    frontMax: number,
    onStarved: () => void,
  ) {
    this.name = name
    this.#rows = disk.rows
    this.#changes = new Changes<Entry<V>>(
      name,
      disk.backlog,
      (entry) => entry.freeze(name),
      (entry) => this.#written(entry),
    )
    this.#serde = value
    this.#frontMax = frontMax
    this.#onStarved = onStarved
    this.#near = new SortedKeys(name, Infinity)
  }

  get size(): number {
    return this.#size
  }

  put(time: number, id: Uint8Array, value: V): void {
    const entry = this.#at(dueKey(time, id))
    entry.put(value)
    this.#changes.touch(entry)
    this.#show(entry)
  }

  delete(time: number, id: Uint8Array): void {
    const bytes = dueKey(time, id)
    let entry = this.#entries.get(textOf(bytes))
    if (entry === undefined) {
      if (this.#isNear(bytes) || this.#rows.get(bytes) === undefined) return
      entry = this.#at(bytes)
    }
    if (!entry.present) return
    this.#hide(entry)
    this.#changes.touch(entry)
  }

  get(time: number, id: Uint8Array): V | undefined {
    const bytes = dueKey(time, id)
    const entry = this.#entries.get(textOf(bytes))
    if (entry !== undefined) return entry.present ? entry.value : undefined
    if (this.#isNear(bytes)) return undefined
    const stored = this.#rows.get(bytes)
    return stored === undefined ? undefined : this.#serde.decode(stored)
  }

  first(upTo: number): Due<V> | undefined {
    const entry = this.#near.first
    if (entry !== undefined) return entry.time <= upTo ? entry : undefined
    if (this.#front !== undefined && parseDueKey(this.#front).time <= upTo) this.#comeToTheEnd()
    return undefined
  }

  *entries(): Generator<Due<V>> {
    let from: Uint8Array | undefined = undefined
    for (;;) {
      const found: readonly Entry<V>[] = this.#near.between(from, undefined, false, stride)
      for (const entry of found) if (entry.present && entry.near) yield entry
      const last = found.at(-1)
      if (found.length < stride || last === undefined) break
      from = above(last.bytes)
    }
    if (this.#front !== undefined) this.#comeToTheEnd()
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
      const entry = this.#at(key.slice())
      const op = { key: entry.bytes, value: value === null ? null : value.slice() }
      this.#changes.decide(entry, op)
      if (op.value === null) this.#hide(entry)
      else {
        entry.putStored(op.value)
        this.#show(entry)
      }
    }
  }

  apply(): Promise<boolean> {
    return this.#changes.write(this.#rows)
  }

  /** Reads on from the front, until there is an entry or no more. Nothing is applied meanwhile. */
  async refill(): Promise<void> {
    const slice = Math.max(1, Math.floor(this.#frontMax / 2))
    const before = this.#near.size
    while (this.#front !== undefined && this.#near.size <= before) {
      const from = this.#front
      const rows = await this.#rows.scan(from, slice)
      if (this.#front === from) this.#moveFront(rows, rows.length < slice)
    }
    this.starved = false
  }

  close(): void {
    this.#changes.close()
  }

  // ---- entries

  /** The entry of a key. A new one is present if the disk has it. */
  #at(bytes: Uint8Array): Entry<V> {
    const text = textOf(bytes)
    let entry = this.#entries.get(text)
    if (entry !== undefined) return entry
    entry = new Entry(bytes, this.#serde)
    entry.present = !this.#isNear(bytes) && this.#rows.get(bytes) !== undefined
    this.#entries.set(text, entry)
    return entry
  }

  #isNear(bytes: Uint8Array): boolean {
    return this.#front === undefined || compareBytes(bytes, this.#front) < 0
  }

  #show(entry: Entry<V>): void {
    if (entry.present) return
    entry.present = true
    this.#size++
    if (this.#isNear(entry.bytes)) this.#bringNear(entry)
    while (this.#near.size > this.#frontMax) this.#lowerFront()
  }

  #hide(entry: Entry<V>): void {
    if (!entry.present) return
    entry.present = false
    this.#size--
    if (entry.near) this.#near.remove(entry)
    entry.near = false
  }

  #bringNear(entry: Entry<V>): void {
    entry.near = true
    this.#near.add(entry)
  }

  /** The disk has everything of it. */
  #written(entry: Entry<V>): void {
    entry.written()
    if (!entry.near) this.#entries.delete(textOf(entry.bytes))
  }

  // ---- the front

  /** The highest entry below the front leaves; its memory, too, if the disk has it. */
  #lowerFront(): void {
    const highest = this.#near.last!
    this.#front = highest.bytes
    this.#near.remove(highest)
    highest.near = false
    const { dirty, undecided, decided } = highest
    if (!dirty && undecided === 0 && decided === undefined)
      this.#entries.delete(textOf(highest.bytes))
  }

  #comeToTheEnd(): void {
    if (this.#size === this.#near.size) {
      this.#front = undefined // there is nothing beyond
      return
    }
    this.starved = true
    this.#onStarved()
  }

  /** Up behind the rows that were read. What is in memory is newer than they are. */
  #moveFront(rows: readonly DiskRow[], all: boolean): void {
    this.#front = all ? undefined : above(rows.at(-1)!.key)
    for (const { key, value } of rows) {
      const text = textOf(key)
      if (this.#entries.has(text)) continue
      const entry = new Entry<V>(key.slice(), this.#serde)
      entry.present = true
      entry.putStored(value)
      this.#entries.set(text, entry)
    }
    for (const entry of this.#entries.values())
      if (entry.present && !entry.near && this.#isNear(entry.bytes)) this.#bringNear(entry)
  }
}

/** The lowest bytes above these. */
function above(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1)
  longer.set(bytes)
  return longer
}
