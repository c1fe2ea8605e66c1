/**
 * What every windowed aggregate is told: by the DSL, once, while the topology is built. A node with one side is an ordinary
 * aggregate; one with several is a cogroup, whose sides share windows and,
 * under the watermark, T; under stream time see keyed-windows.ts.
 */
import type { StoreSpec, DueStore, KeyValueStore } from '../../state/store.ts'
import type { TableFacts } from '../table-facts.ts'
import type { Serde } from '../../serde/serde.ts'

/** Adds a row to an aggregate. May change it and return it. Undefined and null mean: no aggregate any more. */
export type Add = (aggregate: unknown, value: unknown, key: unknown) => unknown

/** `update`: each accepted row shows its windows. `close`: one final row a window. `both`: updates, then the final row. */
export type EmitWhen = 'update' | 'close' | 'both'

export interface WindowLine {
  readonly store: StoreSpec<DueStore<Uint8Array>>
  readonly values: readonly Serde<unknown>[]
}

export interface WindowAggregate<W> {
  readonly window: W
  readonly init: () => unknown
  /** One a side. */
  readonly adds: readonly Add[]
  /** Sessions only. */
  readonly merge: ((left: unknown, right: unknown, key: unknown) => unknown) | undefined
  readonly emit: EmitWhen
  readonly facts: TableFacts
  /** Of the record key: ids of due entries, and the order of closes. */
  readonly key: Serde<unknown>
  /** Of the aggregates: what the store writes them with, and how an old one is copied. */
  readonly value: Serde<unknown>
  /** What it keeps: all live windows of a key (and time bucket) are one value, of whatever form the processor likes. */
  readonly store: StoreSpec<KeyValueStore<unknown, never>>
  /** When windows close, and may be purged. */
  readonly due: StoreSpec<DueStore<null>>
  /** Rows that come while closes are owed that are on disk; with the serdes of their values, one a side. Only where a row closes. */
  readonly line: WindowLine | undefined
  /** Closed windows stay so long for queries. */
  readonly retentionMs: number
}
