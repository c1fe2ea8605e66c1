/** What the nodes of tables have in common: their store, its serdes, and whether values have to be copied into it. */
import type { TableStore } from '../processors/tables/entries.ts'
import { keyCodec } from '../serde/key-codec.ts'
import { msgpack } from '../serde/msgpack.ts'
import type { Serde } from '../serde/serde.ts'
import { timed } from '../serde/timed.ts'
import { checkName, engineStore } from '../state/key-value.ts'
import type { StoreSpec } from '../state/store.ts'
import { timedView } from '../state/views.ts'
import type { GraphNode } from '../topology/graph-node.ts'
import { readsOf } from '../topology/graph-node.ts'
import type { Cursor } from './cursor.ts'
import type { TableOptions } from './ktable.ts'

/** It keeps a store of its own, where it need not. */
export function isMaterialized({ store, materialized }: TableOptions): boolean {
  return store !== undefined || materialized === true
}

/** The name of a table's store: what the user gave, else that of its node. */
export function storeName({ store }: TableOptions, node: string): string {
  if (store !== undefined) checkName(store)
  return store ?? node
}

/** The newest value of each key. `above`: where its values come from. */
export function tableStore(
  name: string,
  key: Serde<unknown>,
  value: Serde<unknown>,
  above: readonly GraphNode[],
): TableStore {
  return Object.freeze({
    spec: engineStore(name, { key, value: timed(value) }, timedView),
    copy: copyFor(above, value),
  })
}

/** The serdes of a table: what its options say, else what is known of its rows, else the defaults. */
export function serdesOf(
  options: Pick<TableOptions, 'key' | 'value'>,
  rows: Pick<Cursor, 'key' | 'value'>,
): { readonly key: Serde<unknown>; readonly value: Serde<unknown> } {
  return {
    key: (options.key as Serde<unknown> | undefined) ?? rows.key ?? keyCodec<unknown>(),
    value: (options.value as Serde<unknown> | undefined) ?? rows.value ?? msgpack(),
  }
}

/** The stores of a node, the same each time it is asked. */
export function always(...specs: readonly StoreSpec[]): () => readonly StoreSpec[] {
  const frozen = Object.freeze([...specs])
  return () => frozen
}

/** Tables keep values and change none. */
const keepers: readonly string[] = [
  'table',
  'toTable',
  'filter',
  'filterNot',
  'mapValues',
  'transformValues',
  'join',
  'leftJoin',
  'outerJoin',
  'foreignSubscribe',
  'foreignAnswer',
  'foreignJoin',
  'foreignTable',
  'suppress',
]

/** The serde that values are copied with, where a node above may go on changing what it has passed on. */
export function copyFor(
  above: readonly GraphNode[],
  value: Serde<unknown>,
): Serde<unknown> | undefined {
  return above.some(changesLater) ? value : undefined
}

/** An aggregate may be changed in place, and so may what a processor keeps in its stores. */
function changesLater(node: GraphNode): boolean {
  if (node.kind === 'row' && node.stateful && !keepers.includes(node.verb)) return true
  return node.inputs.some(changesLater) || readsOf(node).some(changesLater)
}
