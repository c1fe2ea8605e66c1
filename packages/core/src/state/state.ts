/**
 * TaskState: all stores of one task, as the runtime sees them. In memory, or on a local disk that is a cache of the
 * checkpoint: never ahead of the log, never repaired, wiped when in doubt.
 *
 * Order of calls: `open` each store of the task, `restore` what the log holds for each, then rows. Between two rows `freeze`;
 * for each freeze, in their order, `decided` once its record is. A task that loses a decision is thrown away with its state.
 *
 * For the implementer:
 * - `freeze` is cheap: it takes the dirty keys, encodes nothing, and processing goes on at once. **Frozen values are
 *   immutable.** The first access to a value after a freeze encodes it for the delta, if nobody has, before it hands the
 *   object out: that is the copy, and the commit needs these bytes anyway. (The object of a key that is only put is
 *   replaced, not changed, and needs none.)
 * - Deltas are absolute: each key at most once, as put or delete. Applying one twice is applying it once.
 * - Reads go newest first: active, frozen, decided, disk. A miss is one synchronous get by key.
 * - `decided` merges a delta, newest wins; `apply` writes what is decided to the disk, later and in pieces, and never
 *   anything else. Two freezes may be undecided; the third is the runtime's mistake.
 */
import type { Env } from '../env.ts'
import type { StoreClocks, StoreSpec } from './store.ts'
import type { RowsOf, StoredRows } from './stored-rows.ts'

export interface StoreOp {
  readonly key: Uint8Array
  /** Null deletes the key. */
  readonly value: Uint8Array | null
}

/** What changed in a store between two freezes. */
export interface StoreDelta {
  readonly store: string
  /** Number of operations. */
  readonly size: number
  /** Encodes up to `budget` more values; true while some are left. A commit encodes in slices with pauses between. */
  encode(budget: number): boolean
  /** The operations as bytes; encodes what is left. Whoever keeps one copies it. */
  readonly ops: readonly StoreOp[]
}

export interface TaskState {
  /** A store of this task. Two stores of one name are refused. */
  open<S>(spec: StoreSpec<S>, clocks?: StoreClocks): S
  /** Rows of the checkpoint, absolute, in the order of the log; before the first row, also in several calls. Copies. */
  restore(store: string, ops: Iterable<StoreOp>): void
  /** Keys changed since the last freeze, over all stores: the task commits early when they are many. */
  readonly dirty: number
  /** What changed, without the stores in which nothing did. */
  freeze(): readonly StoreDelta[]
  /** The oldest freeze that is undecided is decided. */
  decided(): void
  /**
   * A due store met the end of what it has in memory, and more may follow on disk: what its processor took for the end is none.
   * Nothing goes on until `refill` has resolved.
   */
  readonly starved: boolean
  refill(): Promise<void>
  /**
   * Decided rows that the disk does not have yet, as a share of the memory they may take: 0 for none, from 1 on they are to be
   * applied now, and at 2 nothing goes on before.
   */
  readonly unapplied: number
  /** Background work between rows: writes decided rows to the disk. Resolves when nothing waits. */
  apply(): Promise<void>
  /**
   * A key-value store of this task for those who are no processors. Reading changes nothing, and what is read is the reader's. A
   * state may refuse `committed`; behind `close` everything is refused.
   */
  rows(store: string, of: RowsOf): StoredRows
  /** Undecided rows are dropped. */
  close(): Promise<void>
}

/** Where the states of tasks live, chosen once per app: memory, or a directory. */
export interface StateSpec {
  readonly kind: 'millrace.state'
  readonly type: string
  open(ctx: StateContext): Promise<TaskState>
}

export interface StateContext {
  readonly app: string
  readonly subTopology: string
  readonly task: string
  readonly env: Env
  /** The app's own directory for whatever is local to this machine. */
  readonly dir: string
}

/** Freezes that may wait for their decision. */
export const undecidedMax = 2
