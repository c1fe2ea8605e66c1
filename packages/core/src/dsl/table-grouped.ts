/**
 * Tables grouped by a new key. What leaves and what enters a group crosses a repartition log to where the group's aggregate is, in any
 * case: the rows of a group come from all keys of the table.
 */
import { AggregateFacts } from '../processors/table-facts.ts'
import { GroupTable } from '../processors/tables/group-table.ts'
import type { Group } from '../processors/tables/group-table.ts'
import { TableAggregate } from '../processors/tables/table-aggregate.ts'
import type { Fold } from '../processors/tables/table-aggregate.ts'
import { change } from '../serde/change.ts'
import { keyCodec } from '../serde/key-codec.ts'
import { msgpack } from '../serde/msgpack.ts'
import type { Serde } from '../serde/serde.ts'
import { timed } from '../serde/timed.ts'
import { engineStore } from '../state/key-value.ts'
import { timedView } from '../state/views.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow, cursorOf, holdCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { GroupTableOptions, TableOptions } from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import { placed } from './placed.ts'
import { always, storeName } from './table-node.ts'

type Wrap = (cursor: Cursor) => object

/** `wrap` makes the handle of a table, which imports this file. */
export function groupTable(
  table: Cursor,
  group: Group,
  options: GroupTableOptions,
  wrap: Wrap,
): GroupedTableHandle {
  const { build, node } = table
  const facts = table.table!
  facts.tellOld(true)
  const key = (options.key as Serde<unknown> | undefined) ?? keyCodec<unknown>()
  const value = (options.value as Serde<unknown> | undefined) ?? msgpack<unknown>()
  const added = addRow(build, 'groupBy', options, {
    inputs: [node],
    changesKey: true,
    atMostOne: false,
    make: () => new GroupTable(group, key, facts.versioned),
  })
  const cursor = { build, node: added, key, value, rekeyed: true }
  return new GroupedTableHandle(cursor, options.partitions, wrap)
}

/** The implementation behind KTableGrouped. Its cursor's value serde is that of the grouped values. */
class GroupedTableHandle {
  readonly #partitions: number | undefined
  readonly #wrap: Wrap

  constructor(cursor: Cursor, partitions: number | undefined, wrap: Wrap) {
    holdCursor(this, cursor)
    this.#partitions = partitions
    this.#wrap = wrap
  }

  count(options: TableOptions = {}): object {
    return this.#aggregate('count', { init: zero, add: plusOne, subtract: minusOne }, options)
  }

  reduce(add: Fold, subtract: Fold, options: TableOptions = {}): object {
    const value = (options.value as Serde<unknown> | undefined) ?? cursorOf(this).value!
    return this.#aggregate('reduce', { init: undefined, add, subtract }, { ...options, value })
  }

  aggregate(init: () => unknown, add: Fold, subtract: Fold, options: TableOptions = {}): object {
    return this.#aggregate('aggregate', { init, add, subtract }, options)
  }

  #aggregate(
    verb: string,
    folds: {
      readonly init: (() => unknown) | undefined
      readonly add: Fold
      readonly subtract: Fold
    },
    options: TableOptions,
  ): object {
    const groups = cursorOf(this)
    const name = options.name ?? derivedName([groups.node], verb)
    const rows = placed(groups, name, {
      always: true,
      key: options.key,
      value: change(groups.value!),
      partitions: this.#partitions,
      ...(options.onError === undefined ? {} : { onError: options.onError }),
    })
    const { build } = rows
    const key = rows.key!
    const value = (options.value as Serde<unknown> | undefined) ?? msgpack<unknown>()
    const facts = new AggregateFacts()
    const store = engineStore(storeName(options, name), { key, value: timed(value) }, timedView)
    const node = addRow(build, verb, options, {
      inputs: [rows.node],
      stateful: true,
      derived: name,
      stores: always(store),
      make: () => new TableAggregate({ ...folds, facts, store, value }),
    })
    const table = { build, node, key, value, rekeyed: false, table: facts }
    return this.#wrap(latestOf(table, options))
  }
}

const zero = (): number => 0
const plusOne: Fold = (count) => (count as number) + 1
const minusOne: Fold = (count) => (count as number) - 1
