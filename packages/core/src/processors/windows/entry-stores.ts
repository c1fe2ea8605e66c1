/**
 * The stores below KeyedEntries, and how their values are written. All numbers are big-endian, times are doubles:
 *
 *     part  = count u32, count × entry
 *     entry = its times, length u32, aggregate as its serde writes it
 *     head  = forgetAt, nextNumber u32, parts u32, parts × (low, number u32), part
 *
 * The key of a part is the record key's bytes, then its number as u32.
 */
import { Buffer } from 'node:buffer'
import { MillraceError } from '../../errors.ts'
import { engineStore } from '../../state/key-value.ts'
import type { Serde } from '../../serde/serde.ts'
import type { KeyValueStore, StoreSpec } from '../../state/store.ts'
import { none } from './keyed-entries.ts'
import type { Entry, Head, Part, PartKey } from './keyed-entries.ts'

/** What one kind of entry has beside its aggregate. */
export interface EntryForm<E extends Entry & { readonly aggregate: unknown }> {
  readonly name: string
  readonly times: number
  write(entry: E, view: DataView, at: number): void
  read(view: DataView, at: number, aggregate: unknown): E
}

/** A window that is known by its start. */
export interface WindowEntry extends Entry {
  /** Of its newest row. */
  maxTime: number
  aggregate: unknown
}

export function windowForm(name: string): EntryForm<WindowEntry> {
  return {
    name,
    times: 2,
    write({ at, maxTime }, view, offset) {
      view.setFloat64(offset, at)
      view.setFloat64(offset + 8, maxTime)
    },
    read: (view, offset, aggregate) => ({
      at: view.getFloat64(offset),
      maxTime: view.getFloat64(offset + 8),
      aggregate,
    }),
  }
}

/** What a node with sliding or session windows keeps, beside what is due. */
export interface EntryStores<E> {
  readonly store: StoreSpec<KeyValueStore<unknown, Head<E>>>
  readonly parts: StoreSpec<KeyValueStore<PartKey, Part<E>>>
}

export function entryStores<E extends Entry & { readonly aggregate: unknown }>(
  name: string,
  form: EntryForm<E>,
  key: Serde<unknown>,
  value: Serde<unknown>,
): EntryStores<E> {
  const draft = new Draft()
  const entries = entriesSerde(form, value, draft)
  return {
    store: engineStore(name, { key, value: headSerde(entries, draft) }),
    parts: engineStore(`${name}/parts`, {
      key: partKeySerde(key),
      value: partSerde(entries, draft),
    }),
  }
}

/** Entries behind a prefix of so many bytes. */
interface EntriesSerde<E> {
  readonly name: string
  /** Into the draft. Returns where they end. */
  write(entries: readonly E[], prefix: number): number
  decode(bytes: Uint8Array, at: number): E[]
}

/** Bytes in the making: values are many and small, and a buffer for each would cost more than they do. */
class Draft {
  #bytes = new Uint8Array(1024)
  view: DataView = viewOf(this.#bytes)

  /** Room for so many bytes. What was drafted before is lost. */
  begin(length: number): void {
    if (length <= this.#bytes.length) return
    this.#bytes = new Uint8Array(2 * length)
    this.view = viewOf(this.#bytes)
  }

  set(bytes: Uint8Array, at: number): void {
    this.#bytes.set(bytes, at)
  }

  /** A copy, in the pool that small buffers share. */
  take(length: number): Uint8Array {
    const taken = Buffer.allocUnsafe(length)
    taken.set(length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, length))
    return taken
  }
}

function entriesSerde<E extends Entry & { readonly aggregate: unknown }>(
  form: EntryForm<E>,
  value: Serde<unknown>,
  draft: Draft,
): EntriesSerde<E> {
  const fixed = form.times * 8 + 4
  const encoded: Uint8Array[] = []
  return {
    name: `${form.name}(${value.name})`,
    write(entries, prefix) {
      let length = prefix + 4
      for (let i = 0; i < entries.length; i++) {
        encoded[i] = value.encode(entries[i]!.aggregate)
        length += fixed + encoded[i]!.length
      }
      draft.begin(length)
      const { view } = draft
      view.setUint32(prefix, entries.length)
      let at = prefix + 4
      for (let i = 0; i < entries.length; i++) {
        const aggregate = encoded[i]!
        form.write(entries[i]!, view, at)
        view.setUint32(at + fixed - 4, aggregate.length)
        draft.set(aggregate, at + fixed)
        at += fixed + aggregate.length
      }
      return length
    },
    decode(bytes, start) {
      const view = viewOf(bytes)
      const entries: E[] = []
      let at = start + 4
      for (let left = view.getUint32(start); left > 0; left--) {
        const end = at + fixed + view.getUint32(at + fixed - 4)
        if (end > bytes.length) throw damaged()
        entries.push(form.read(view, at, value.decode(bytes.subarray(at + fixed, end))))
        at = end
      }
      if (at !== bytes.length) throw damaged()
      return entries
    },
  }
}

function headSerde<E>(inner: EntriesSerde<E>, draft: Draft): Serde<Head<E>> {
  return {
    name: inner.name,
    encode({ entries, forgetAt, lows, numbers, nextNumber }) {
      const length = inner.write(entries, 16 + numbers.length * 12)
      const { view } = draft
      view.setFloat64(0, forgetAt)
      view.setUint32(8, nextNumber)
      view.setUint32(12, numbers.length)
      for (const [i, number] of numbers.entries()) {
        view.setFloat64(16 + i * 12, lows[i]!)
        view.setUint32(24 + i * 12, number)
      }
      return draft.take(length)
    },
    decode(bytes) {
      const view = viewOf(bytes)
      const parts = view.getUint32(12)
      const lows: number[] = parts === 0 ? none : []
      const numbers: number[] = parts === 0 ? none : []
      const start = 16 + parts * 12
      if (start + 4 > bytes.length) throw damaged()
      for (let at = 16; at < start; at += 12) {
        lows.push(view.getFloat64(at))
        numbers.push(view.getUint32(at + 8))
      }
      const entries = inner.decode(bytes, start)
      const forgetAt = view.getFloat64(0)
      return { entries, putIn: 0, forgetAt, lows, numbers, nextNumber: view.getUint32(8) }
    },
  }
}

function partSerde<E>(inner: EntriesSerde<E>, draft: Draft): Serde<Part<E>> {
  return {
    name: inner.name,
    encode: ({ entries }) => draft.take(inner.write(entries, 0)),
    decode: (bytes) => ({ entries: inner.decode(bytes, 0), putIn: 0 }),
  }
}

function partKeySerde(key: Serde<unknown>): Serde<PartKey> {
  return {
    name: `part(${key.name})`,
    encode({ key: recordKey, part }) {
      const inner = key.encode(recordKey)
      const bytes = new Uint8Array(inner.length + 4)
      bytes.set(inner)
      viewOf(bytes).setUint32(inner.length, part)
      return bytes
    },
    decode(bytes) {
      const at = bytes.length - 4
      return { key: key.decode(bytes.subarray(0, at)), part: viewOf(bytes).getUint32(at) }
    },
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function damaged(): MillraceError {
  return new MillraceError(
    'MILLRACE_DECODE',
    'the windows of a key do not end where their lengths say: were they written by another serde?',
  )
}
