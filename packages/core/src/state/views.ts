/**
 * Views of key-value stores, of plain values and of values with their time, and the tools that views of other shapes are made of.
 * A view never writes: what it opens a spec on refuses to.
 */
import { MillraceError } from '../errors.ts'
import type { Serde } from '../serde/serde.ts'
import type { Timed } from '../serde/timed.ts'
import { behindPrefix, withZero } from './byte-order.ts'
import type { Backing, KeyValueStore, Rows, Ttl } from './store.ts'
import type {
  Pair,
  Pairs,
  StoreReader,
  StoreTimes,
  StoreView,
  StoredRow,
  StoredRows,
  ViewContext,
} from './stored-rows.ts'
import { livingValue } from './ttl.ts'

/** How a store of these rows is read. */
export type ViewOf<K, V> = (rows: Rows<K, V>, ttl: Ttl | undefined) => StoreView

/** Values as the user put them; what has expired is not shown. */
export function plainView<K, V>({ name, key, value }: Rows<K, V>, ttl: Ttl | undefined): StoreView {
  const read =
    ttl === undefined ? (bytes: Uint8Array) => value.decode(bytes) : livingValue(value, ttl)
  return keyValueView(name, key, read)
}

/** Values of a table, without their time. */
export function timedView<K>({ name, key, value }: Rows<K, Timed>): StoreView {
  return keyValueView(name, key, (bytes) => value.decode(bytes).value)
}

function keyValueView<K>(
  name: string,
  key: Serde<K>,
  read: (bytes: Uint8Array, times: StoreTimes) => unknown,
): StoreView {
  return Object.freeze({
    shape: 'key-value',
    open({ rows, times }: ViewContext): StoreReader {
      const stored = rows(name)
      const pair = (row: StoredRow): readonly Pair[] => {
        const value = read(row.value, times)
        return value === undefined ? none : [[key.decode(row.key), value]]
      }
      return {
        get(asked) {
          const bytes = stored.get(key.encode(asked as K))
          return bytes === undefined ? undefined : read(bytes, times)
        },
        between: (from, to, reverse) => pairsOf(between(stored, key, from, to, reverse), pair),
        prefix: (bytes, reverse) =>
          pairsOf(stored.between(bytes, behindPrefix(bytes), reverse), pair),
      }
    },
  } satisfies StoreView)
}

const none: readonly Pair[] = Object.freeze([])

// ---- for views of other shapes

/** Rows from a key to a key, both included; undefined leaves that side open. */
export function between<K>(
  rows: StoredRows,
  serde: Serde<K>,
  from: unknown,
  to: unknown,
  reverse: boolean,
): ReturnType<StoredRows['between']> {
  const low = from === undefined ? undefined : serde.encode(from as K)
  const high = to === undefined ? undefined : withZero(serde.encode(to as K))
  return rows.between(low, high, reverse)
}

/** What `read` makes of each row, at once where the rows are there at once. */
export function pairsOf(
  rows: ReturnType<StoredRows['between']>,
  read: (row: StoredRow) => readonly Pair[],
): Pairs {
  return Symbol.iterator in rows ? now(rows, read) : later(rows, read)
}

function* now(
  rows: Iterable<StoredRow>,
  read: (row: StoredRow) => readonly Pair[],
): Generator<Pair> {
  for (const row of rows) yield* read(row)
}

async function* later(
  rows: AsyncIterable<StoredRow>,
  read: (row: StoredRow) => readonly Pair[],
): AsyncGenerator<Pair> {
  for await (const row of rows) yield* read(row)
}

/** What the stores of a node are opened on to be read by key, by the code that the node itself reads them with. */
export function readOnly({ rows }: ViewContext): Backing {
  return {
    keyValue<K, V>({ name, key, value }: Rows<K, V>): KeyValueStore<K, V> {
      const stored = rows(name)
      return {
        name,
        get(asked) {
          const bytes = stored.get(key.encode(asked))
          return bytes === undefined ? undefined : value.decode(bytes)
        },
        put: refuse,
        delete: refuse,
        range: refuse,
        prefix: refuse,
        all: refuse,
      }
    },
    due: ({ name }) => ({
      name,
      size: 0,
      starved: false,
      put: refuse,
      delete: refuse,
      get: refuse,
      first: refuse,
      entries: refuse,
    }),
  }
}

function refuse(): never {
  throw new MillraceError('MILLRACE_INVARIANT', 'a view reads by key only')
}
