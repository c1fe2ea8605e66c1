/**
 * The rows of a store on disk, for queries. What is in memory wins over the disk; which keys that concerns is told once, in the
 * moment in which the scan of the disk begins, so a row that is written meanwhile is in one of the two.
 */
import { compareBytes, sortedBetween } from '../byte-order.ts'
import { unavailable } from '../stored-rows.ts'
import type { StoredRow, StoredRows } from '../stored-rows.ts'
import type { DiskRow } from './disk.ts'

export interface Keyed {
  readonly bytes: Uint8Array
}

/** What is to be known of a store. */
export interface Stored {
  readonly name: string
  readonly isClosed: () => boolean
  /** The row as it is now. */
  read(key: Uint8Array): Uint8Array | undefined
  /** Entries in memory that the disk may not have as they are. */
  unwritten(): Iterable<Keyed>
  /** All keys there are, if memory has them. */
  readonly sorted?: (
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ) => Keyed[]
  pieces(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): AsyncIterable<readonly DiskRow[]>
}

export function storedRows(store: Stored): StoredRows {
  return {
    get: (key) => get(store, key),
    between: (from, to, reverse) => {
      const { sorted } = store
      return sorted === undefined
        ? scan(store, from, to, reverse)
        : inMemory(store, sorted(from, to, reverse))
    },
  }
}

function get(store: Stored, key: Uint8Array): Uint8Array | undefined {
  if (store.isClosed()) throw closed(store)
  return store.read(key)
}

function* inMemory(store: Stored, entries: readonly Keyed[]): Generator<StoredRow> {
  for (const { bytes } of entries) {
    const value = get(store, bytes)
    if (value !== undefined) yield { key: bytes.slice(), value }
  }
}

async function* scan(
  store: Stored,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
  reverse: boolean,
): AsyncGenerator<StoredRow> {
  if (store.isClosed()) throw closed(store)
  const memory = sortedBetween(store.unwritten(), from, to, reverse)
  let next = 0
  try {
    for await (const rows of store.pieces(from, to, reverse)) {
      for (const row of rows) {
        const first = next
        while (next < memory.length && isUpTo(memory[next]!.bytes, row.key, reverse)) next++
        yield* inMemory(store, memory.slice(first, next))
        const last = memory[next - 1]
        if (last === undefined || compareBytes(last.bytes, row.key) !== 0) yield row
      }
    }
    yield* inMemory(store, memory.slice(next))
  } catch (error) {
    throw store.isClosed() ? closed(store) : error
  }
}

function isUpTo(bytes: Uint8Array, row: Uint8Array, reverse: boolean): boolean {
  const order = compareBytes(bytes, row)
  return reverse ? order >= 0 : order <= 0
}

function closed({ name }: Stored): Error {
  return unavailable(name, 'its task is closed')
}
