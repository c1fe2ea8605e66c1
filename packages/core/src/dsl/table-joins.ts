/** Joins with tables: of two tables by their key, of a stream with a table of its task, of a stream with a global table. */
import { MillraceError } from '../errors.ts'
import { JoinedFacts } from '../processors/table-facts.ts'
import { bytes } from '../serde/bytes.ts'
import { GraceJoin } from '../processors/tables/grace-join.ts'
import type { Arrivals } from '../processors/tables/grace-join.ts'
import { LookupJoin } from '../processors/tables/lookup-join.ts'
import { TableJoin } from '../processors/tables/table-join.ts'
import type { Join } from '../processors/tables/table-join.ts'
import { dueStore, engineStore } from '../state/key-value.ts'
import { durationMs } from '../time/duration.ts'
import { derivedName } from '../topology/graph.ts'
import type { GraphNode } from '../topology/graph-node.ts'
import { addRow, otherCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { NodeOptions, TableJoinOptions } from './kstream.ts'
import type { TableOptions } from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import { keepNullKeysAbove, placed } from './placed.ts'
import { always, copyFor, isMaterialized, serdesOf, storeName, tableStore } from './table-node.ts'

export type JoinKind = 'join' | 'leftJoin' | 'outerJoin'

/** The cursor of what must be a table. */
export function tableCursor(own: Cursor, other: unknown, verb: string): Cursor {
  const cursor = otherCursor(own, other, verb, 'a table')
  if (cursor.table !== undefined) return cursor
  throw new MillraceError(
    'MILLRACE_CONFIG',
    cursor.node.kind === 'global'
      ? `${verb}(...) of a table takes a table, and a global table is joined by streams only: call toStream() first`
      : `${verb}(...) of a table takes a table: call toTable() on the stream first`,
  )
}

/** By the key of both. A side that is kept without the other has to tell old values; the other one is only looked up. */
export function joinTables(
  left: Cursor,
  other: unknown,
  kind: JoinKind,
  join: Join,
  options: TableOptions,
): Cursor {
  const right = tableCursor(left, other, kind)
  const { build } = left
  const leftFacts = left.table!
  const rightFacts = right.table!
  if (kind !== 'join') leftFacts.tellOld(true)
  if (kind === 'outerJoin') rightFacts.tellOld(true)
  leftFacts.read()
  rightFacts.read()
  const facts = new JoinedFacts(leftFacts, rightFacts, isMaterialized(options))
  const { key, value } = serdesOf(options, { key: left.key, value: undefined })
  const inputs = [left.node, right.node]
  const name = options.name ?? derivedName(inputs, kind)
  const store = facts.stored ? tableStore(storeName(options, name), key, value, inputs) : undefined
  const node = addRow(build, kind, options, {
    inputs,
    reads: inputs,
    stateful: store !== undefined,
    make: () => new TableJoin({ kind, join, facts, left: leftFacts, right: rightFacts, store }),
    ...(store === undefined ? {} : { stores: always(store.spec) }),
  })
  return latestOf({ build, node, key, value: options.value, rekeyed: false, table: facts }, options)
}

/** Each row with the table's value of its key, at this moment or (versioned tables) at the row's time. */
export function joinTable(
  stream: Cursor,
  table: Cursor,
  kind: JoinKind,
  join: Join,
  options: NodeOptions & TableJoinOptions,
): Cursor {
  refuseOuter(kind)
  const facts = table.table!
  facts.read()
  const name = options.name ?? derivedName([stream.node, table.node], kind)
  const left = kind === 'leftJoin'
  const rows = placed(stream, name, {
    key: options.key,
    value: options.value,
    keepsNullKeys: left,
    meets: table,
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  })
  const lookup = { left, join, asOf: facts.versioned }
  const node =
    options.grace === undefined
      ? addRow(rows.build, kind, options, {
          inputs: [rows.node, table.node],
          reads: [table.node],
          make: () => new LookupJoin({ ...lookup, mappedKey: undefined }),
          ...(rows.node === stream.node ? {} : { derived: name }),
        })
      : addGraceJoin(rows, table, kind, name, lookup, options)
  return { ...rows, node, value: undefined, rekeyed: false }
}

/** Each row with the value of any key of a global table. */
export function joinGlobal(
  stream: Cursor,
  table: Cursor,
  kind: JoinKind,
  join: Join,
  options: NodeOptions & { readonly key: (value: unknown, key: unknown) => unknown },
): Cursor {
  refuseOuter(kind)
  if (typeof options.key !== 'function')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${kind}(...) with a global table needs { key: (value, key) => ... }, the key to look up for a row`,
    )
  const mappedKey = options.key
  const left = kind === 'leftJoin'
  if (left) keepNullKeysAbove(stream.node)
  const node = addRow(stream.build, kind, options, {
    inputs: [stream.node],
    reads: [table.node],
    make: () => new LookupJoin({ left, join, asOf: false, mappedKey }),
  })
  return { ...stream, node, value: undefined }
}

/** Rows wait for older changes of the table. */
function addGraceJoin(
  rows: Cursor,
  table: Cursor,
  kind: JoinKind,
  name: string,
  lookup: { readonly left: boolean; readonly join: Join; readonly asOf: boolean },
  options: TableJoinOptions,
): GraphNode {
  const graceMs = durationMs(options.grace!, 'grace')
  const historyMs = table.table!.historyMs
  if (historyMs === undefined)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${kind}(..., { grace }) needs a versioned table, which knows what was valid when: make it with { versioned: { history } }, or leave grace out`,
    )
  if (graceMs > historyMs)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${kind}(...): rows would wait for ${graceMs} ms, and the table keeps a history of ${historyMs} ms: give it at least as much`,
    )
  const key = rows.key!
  const value = rows.value!
  const waiting = dueStore(`${name}/waiting`, value)
  const arrivals = engineStore<unknown, Arrivals>(`${name}/arrivals`, { key })
  const line = rows.build.clock === 'streamTime' ? dueStore(`${name}/line`, bytes()) : undefined
  const copy = copyFor([rows.node], value)
  const more = { ...lookup, graceMs, key, value, waiting, arrivals, line, copy }
  return addRow(rows.build, kind, options, {
    inputs: [rows.node, table.node],
    reads: [table.node],
    atMostOne: false,
    stateful: true,
    derived: name,
    stores: line === undefined ? always(waiting, arrivals) : always(waiting, arrivals, line),
    make: () => new GraceJoin(more),
  })
}

function refuseOuter(kind: JoinKind): void {
  if (kind !== 'outerJoin') return
  throw new MillraceError(
    'MILLRACE_CONFIG',
    'a change of a table makes no row of a stream, so there is no outerJoin(...) of a stream with a table: use leftJoin, or make the stream a table',
  )
}
