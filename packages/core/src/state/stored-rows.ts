/**
 * Stored rows: a store as those see it who are no processors: queries and test drivers. They read bytes and decode them, so what
 * they are given is theirs, and no read of theirs shows anywhere: it touches no row with a ttl, and moves nothing in or out of memory.
 *
 * `state.ts` gives the bytes. A store that people may ask by its name has a view, which knows what lies in them: the value of a
 * user, a value with its time, all windows or all versions of a key.
 */
import { MillraceError } from '../errors.ts'

/** `committed`: what decided commits say. `newest`: what processors see. */
export type RowsOf = 'committed' | 'newest'

export interface StoredRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface StoredRows {
  get(key: Uint8Array): Uint8Array | undefined
  /**
   * In [from, to), in the order of the keys. The keys that were there when it began, each with a value that it has had since then,
   * less what is gone when its turn comes. Where a disk has to be asked, the answer is asynchronous.
   */
  between(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): Iterable<StoredRow> | AsyncIterable<StoredRow>
}

/** What time it is for a store: the T of now, whether it is committed or not. */
export interface StoreTimes {
  /** T of the node that has it. */
  readonly operatorTime: () => number
  /** As stores with a ttl see it. */
  readonly eventTime: () => number
  /** Wall clock of the task. */
  readonly now: () => number
  readonly usesStreamTime: boolean
}

export interface ViewContext {
  /** The rows of a store of the same task. */
  readonly rows: (store: string) => StoredRows
  readonly times: StoreTimes
}

export type ViewShape = 'key-value' | 'window' | 'session' | 'versioned'

/** What a spec says about how its rows are read. */
export interface StoreView {
  readonly shape: ViewShape
  open(ctx: ViewContext): StoreReader
}

export type Pair = readonly [key: unknown, value: unknown]
export type Pairs = Iterable<Pair> | AsyncIterable<Pair>

export interface StoreReader {
  /** `asOf`: versioned stores only. */
  get(key: unknown, asOf?: number): unknown
  /** Both bounds included, as `range` of a store. */
  between(from: unknown, to: unknown, reverse: boolean): Pairs
  /** Key-value stores: keys whose bytes begin with these. */
  readonly prefix?: (bytes: Uint8Array, reverse: boolean) => Pairs
  /** Windows of a key that start in [from, to]; sessions that touch it. In order of time. */
  ofKey?(key: unknown, from: number, to: number): readonly Pair[]
}

/** Its task runs here no more, or not yet. */
export function unavailable(store: string, why: string): MillraceError {
  return new MillraceError(
    'MILLRACE_STORE_UNAVAILABLE',
    `the store ${store} cannot be read now: ${why}. Ask again in a moment`,
  )
}
