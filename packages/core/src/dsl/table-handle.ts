/**
 * The one implementation behind KTable, and the nodes that make a table of rows. `any` ends here: the public interface carries the
 * types, the graph carries `unknown`.
 */
import { ToStream } from '../processors/tables/to-stream.ts'
import { KeptFacts } from '../processors/table-facts.ts'
import { KeptTable } from '../processors/tables/kept-table.ts'
import { VersionedTable } from '../processors/tables/versioned-table.ts'
import type { Join } from '../processors/tables/table-join.ts'
import type { Group } from '../processors/tables/group-table.ts'
import type { Sink } from '../sink.ts'
import { versionedSpecs } from '../state/versioned.ts'
import { durationMs } from '../time/duration.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow, cursorOf, holdCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { joinForeign } from './foreign-join.ts'
import type { KStream, NodeOptions } from './kstream.ts'
import type {
  ForeignJoinOptions,
  GroupTableOptions,
  SuppressOptions,
  TableOptions,
  ToTableOptions,
} from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import { placed } from './placed.ts'
import { suppressed } from './suppress.ts'
import { groupTable } from './table-grouped.ts'
import { joinTables, tableCursor } from './table-joins.ts'
import { filterTable, mapTable } from './table-map.ts'
import { always, copyFor, isMaterialized, storeName, tableStore } from './table-node.ts'

export { joinGlobal, joinTable } from './table-joins.ts'
export type { JoinKind } from './table-joins.ts'

type Fn = (value: unknown, key: unknown) => unknown

export class TableHandle {
  constructor(cursor: Cursor) {
    holdCursor(this, cursor)
  }

  filter(keep: Fn, options: TableOptions = {}): TableHandle {
    return new TableHandle(filterTable(cursorOf(this), 'filter', keep, true, options))
  }

  filterNot(drop: Fn, options: TableOptions = {}): TableHandle {
    return new TableHandle(filterTable(cursorOf(this), 'filterNot', drop, false, options))
  }

  mapValues(map: Fn, options: TableOptions = {}): TableHandle {
    const compute: Fn = (value, key) => (value === null ? null : map(value, key))
    return new TableHandle(mapTable(cursorOf(this), 'mapValues', compute, options))
  }

  transformValues(map: Fn, options: TableOptions = {}): TableHandle {
    return new TableHandle(mapTable(cursorOf(this), 'transformValues', map, options))
  }

  toStream(options: NodeOptions & { readonly tombstones?: true } = {}): unknown {
    const { build, node, key, value, rekeyed } = cursorOf(this)
    const tombstones = options.tombstones === true
    const added = addRow(build, 'toStream', options, {
      inputs: [node],
      make: () => new ToStream(tombstones),
    })
    return build.stream({ build, node: added, key, value, rekeyed })
  }

  to(sink: Sink<never>, options: NodeOptions = {}): void {
    const { build, node, key, value, rekeyed } = cursorOf(this)
    const rows = build.stream({ build, node, key, value, rekeyed }) as KStream<unknown, never>
    rows.to(sink, options)
  }

  suppress(options: SuppressOptions): TableHandle {
    return new TableHandle(suppressed(cursorOf(this), options))
  }

  groupBy(group: Group, options: GroupTableOptions = {}): unknown {
    return groupTable(cursorOf(this), group, options, (cursor) => new TableHandle(cursor))
  }

  join(other: unknown, join: Join, options: TableOptions = {}): TableHandle {
    return new TableHandle(joinTables(cursorOf(this), other, 'join', join, options))
  }

  leftJoin(other: unknown, join: Join, options: TableOptions = {}): TableHandle {
    return new TableHandle(joinTables(cursorOf(this), other, 'leftJoin', join, options))
  }

  outerJoin(other: unknown, join: Join, options: TableOptions = {}): TableHandle {
    return new TableHandle(joinTables(cursorOf(this), other, 'outerJoin', join, options))
  }

  joinForeign(
    other: unknown,
    foreignKey: Fn,
    join: (left: unknown, right: unknown) => unknown,
    options: ForeignJoinOptions = {},
  ): TableHandle {
    return this.#foreign('join', other, foreignKey, join, options)
  }

  leftJoinForeign(
    other: unknown,
    foreignKey: Fn,
    join: (left: unknown, right: unknown) => unknown,
    options: ForeignJoinOptions = {},
  ): TableHandle {
    return this.#foreign('leftJoin', other, foreignKey, join, options)
  }

  #foreign(
    kind: 'join' | 'leftJoin',
    other: unknown,
    foreignKey: Fn,
    join: (left: unknown, right: unknown) => unknown,
    options: ForeignJoinOptions,
  ): TableHandle {
    const left = cursorOf(this)
    const right = tableCursor(left, other, `${kind}Foreign`)
    return new TableHandle(joinForeign(left, right, kind, foreignKey, join, options))
  }
}

/** The newest row of each key of a stream or of a source (`verb`: 'toTable', 'table'). */
export function tableOf(cursor: Cursor, verb: string, options: ToTableOptions): TableHandle {
  const name = options.name ?? derivedName([cursor.node], verb)
  const rows = placed(cursor, name, {
    key: options.key,
    value: options.value,
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  })
  const { build, node } = rows
  const key = rows.key!
  const value = rows.value!
  const historyMs =
    options.versioned === undefined
      ? undefined
      : durationMs(options.versioned.history, 'versioned.history')
  const facts = new KeptFacts(isMaterialized(options), historyMs)
  const store = storeName(options, name)
  const added = addRow(build, verb, options, {
    inputs: [node],
    stateful: true,
    derived: name,
    ...(historyMs === undefined ? plain() : versioned(historyMs)),
  })
  return new TableHandle(
    latestOf({ build, node: added, key, value, rekeyed: false, table: facts }, options),
  )

  function plain() {
    const kept = tableStore(store, key, value, [node])
    const stores = always(kept.spec)
    return {
      make: () => new KeptTable(facts, kept),
      stores: () => (facts.stored ? stores() : []),
    }
  }

  function versioned(history: number) {
    const specs = versionedSpecs(store, key, value, history)
    const copy = copyFor([node], value)
    return {
      make: () => new VersionedTable({ facts, specs, copy }),
      stores: always(specs.histories, specs.parts, specs.expiry),
      params: { versioned: true },
    }
  }
}
