/** Filters and mappers of tables: what they know of old values, and the store they keep if it was asked for. */
import { MappedFacts } from '../processors/table-facts.ts'
import { MappedTable } from '../processors/tables/mapped-table.ts'
import type { Compute } from '../processors/tables/mapped-table.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { TableOptions } from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import { always, isMaterialized, serdesOf, storeName, tableStore } from './table-node.ts'

/** A filter asks the table above for old values when it is added, and knows them if they are told. */
export function filterTable(
  table: Cursor,
  verb: 'filter' | 'filterNot',
  keep: (value: unknown, key: unknown) => unknown,
  sense: boolean,
  options: TableOptions,
): Cursor {
  const compute: Compute = (value, key) =>
    value !== null && Boolean(keep(value, key)) === sense ? value : null
  const above = table.table!
  const facts = new MappedFacts(above, isMaterialized(options))
  if (above.tellOld(false)) facts.tellOld(false)
  const value = options.value ?? table.value
  return mapped(table, verb, compute, facts, !above.versioned, {
    ...options,
    ...(value && { value }),
  })
}

export function mapTable(
  table: Cursor,
  verb: 'mapValues' | 'transformValues',
  compute: Compute,
  options: TableOptions,
): Cursor {
  const facts = new MappedFacts(table.table!, isMaterialized(options))
  return mapped(table, verb, compute, facts, false, options)
}

function mapped(
  table: Cursor,
  verb: string,
  compute: Compute,
  facts: MappedFacts,
  silent: boolean,
  options: TableOptions,
): Cursor {
  const { build, node } = table
  const { key, value } = serdesOf(options, { key: table.key, value: undefined })
  const name = options.name ?? derivedName([node], verb)
  const store = facts.stored ? tableStore(storeName(options, name), key, value, [node]) : undefined
  const added = addRow(build, verb, options, {
    inputs: [node],
    reads: [node],
    stateful: store !== undefined,
    make: () => new MappedTable({ compute, facts, store, silent }),
    ...(store === undefined ? {} : { stores: always(store.spec) }),
  })
  return latestOf(
    { build, node: added, key, value: options.value, rekeyed: false, table: facts },
    options,
  )
}
