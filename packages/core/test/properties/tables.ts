// Tables against naive oracles: filters and mappers with and without stores, groups with adder and subtractor, joins by primary key,
// streams with tables. Each oracle keeps whole maps and says what a change means by the tables of the semantics, written down again.
import { seededRandom } from '@millrace/core/testing'
import type { App, KTable, Sink } from '@millrace/core'
import { one, picker, randomRows, rowsOf, same, shown, withOld } from './table-history.ts'
import type { In, Out, Pick, Step } from './table-history.ts'

type Table = KTable<any, any>

export const histories: Readonly<Record<string, (seed: number) => void>> = {
  'table-filter-map': filterMap,
  'table-groupby': groupBy,
  'table-join-inner': (seed) => tableJoin(seed, 'join'),
  'table-join-left': (seed) => tableJoin(seed, 'leftJoin'),
  'table-join-outer': (seed) => tableJoin(seed, 'outerJoin'),
  'stream-table-join': streamTable,
}

const number = (pick: Pick): number => pick(12)

// ---- filters and mappers

interface MapNode {
  readonly kind: 'table' | 'filter' | 'filterNot' | 'mapValues' | 'transformValues' | 'inner'
  readonly salt: number
  readonly materialized: boolean
  readonly parent: MapNode | undefined
  stored: boolean
  knows: boolean
  /** Its own store, if it has one. */
  readonly values: Map<string, unknown>
}

function filterMap(seed: number): void {
  const pick = picker(seededRandom(seed))
  const rows = randomRows(pick, ['a'], () => number(pick))
  const nodes = randomTree(pick)
  const got = shown(pick, 'streamTime', rows, (app, out) => buildTree(app, out, nodes))
  // Who knows old values is settled in the order of building.
  nodes.forEach((node, i) => {
    if (node.kind === 'filter' || node.kind === 'filterNot') node.knows = tells(node.parent!, false)
    if (i > 0 && node.salt === 0) tells(node, true)
  })
  same(
    rows,
    got,
    rows.map((row) => treeStep(nodes, row)),
  )
}

function randomTree(pick: Pick): MapNode[] {
  const nodes: MapNode[] = []
  const add = (kind: MapNode['kind'], parent?: MapNode): void => {
    const materialized = pick(3) === 0
    nodes.push({
      kind,
      salt: pick(4),
      materialized,
      parent,
      stored: materialized,
      knows: false,
      values: new Map(),
    })
  }
  add('table')
  const kinds = ['filter', 'filterNot', 'mapValues', 'transformValues'] as const
  for (let i = 1 + pick(5); i > 0; i--) add(one(pick, kinds), one(pick, nodes))
  return nodes
}

/** Salt 0: a node below forces it to tell old values. */
function buildTree(app: App, out: (name: string) => Sink<any>, nodes: readonly MapNode[]): void {
  const tables = new Map<MapNode, Table>()
  nodes.forEach((node, i) => {
    const above = tables.get(node.parent!)
    const options = { name: `n${i}`, materialized: node.materialized }
    const f = functionOf(node)
    let table: Table
    if (node.kind === 'table') {
      const { materialized } = options
      table = app.table(rowsOf<unknown>('a'), { materialized })
    } else if (node.kind === 'filter') table = above!.filter((v) => f(v) !== null, options)
    else if (node.kind === 'filterNot') table = above!.filterNot((v) => f(v) === null, options)
    else if (node.kind === 'mapValues') table = above!.mapValues((v) => f(v) as object, options)
    else table = above!.transformValues((v) => f(v) as object | null, options)
    tables.set(node, table)
    // A filter that is told so by a groupBy: forced, whatever is stored.
    if (i > 0 && node.salt === 0) table.groupBy(() => null, { name: `force${i}` })
    withOld(table.toStream({ tombstones: true })).to(out(`n${i}`))
  })
}

/** What it makes of a value, as a pure function. */
function functionOf({ kind, salt }: MapNode): (value: unknown) => unknown {
  const n = (value: unknown): number => Number(value ?? -1)
  switch (kind) {
    case 'filter':
    case 'filterNot':
      return (value) => (value !== null && n(value) % (salt + 2) !== 0 ? value : null)
    case 'mapValues':
      return (value) => (value === null || n(value) % 7 === 6 ? null : n(value) + salt)
    case 'transformValues':
      return (value) => (value === null ? (salt === 1 ? 100 : null) : n(value) + 1)
    default:
      return (value) => value
  }
}

/** Kafka Streams' asking for old values. */
function tells(node: MapNode, force: boolean): boolean {
  if (node.kind === 'table') {
    if (force) node.stored = true
    node.knows ||= node.stored
  } else if (node.stored || tells(node.parent!, force)) node.knows = true
  return node.knows
}

function treeStep(nodes: readonly MapNode[], row: In): Step {
  const step: Record<string, Out[]> = Object.fromEntries(nodes.map((_, i) => [`n${i}`, []]))
  if (row.key === null) return step
  const key = row.key
  const seen = new Map<MapNode, { value: unknown; old: unknown } | undefined>()
  nodes.forEach((node, i) => {
    const above = node.parent === undefined ? undefined : seen.get(node.parent)
    if (node.parent !== undefined && above === undefined) return
    const f = functionOf(node)
    const value = node.parent === undefined ? row.value : f(above!.value)
    let old: unknown = undefined
    if (node.stored) {
      if (node.knows) old = node.values.get(key) ?? null
    } else if (node.knows) old = f(above!.old)
    const filters = node.kind === 'filter' || node.kind === 'filterNot'
    if (filters && node.knows && value === null && old === null) return
    if (node.stored) node.values.set(key, value)
    seen.set(node, { value, old: old ?? null })
    step[`n${i}`]!.push([key, [value, node.knows ? old : 'untold'], row.time])
  })
  return step
}

// ---- groups

interface Fruit {
  readonly group: number
  readonly n: number
}

interface Sum {
  sum: number
  log: string
}

function groupBy(seed: number): void {
  const pick = picker(seededRandom(seed))
  const rows = randomRows(pick, ['a'], () => ({ group: pick(3), n: pick(9) }))
  const verb = one(pick, ['count', 'reduce', 'pure', 'mutating'] as const)
  const objects = pick(2) === 0
  const tellsOld = pick(2) === 0
  const got = shown(pick, pick(2) === 0 ? 'streamTime' : 'watermark', rows, (app, out) => {
    const groups = app
      .table(rowsOf<Fruit>('a'))
      .groupBy((v) => (v.n === 8 ? null : [objects ? { g: v.group } : v.group, v.n]))
    let table: Table
    if (verb === 'count') table = groups.count()
    else if (verb === 'reduce')
      table = groups.reduce(
        (a, v) => a + v,
        (a, v) => (a - v === 0 ? (null as never) : a - v),
      )
    else if (verb === 'pure')
      table = groups.aggregate(
        (): Sum => ({ sum: 0, log: '' }),
        (a, v) => ({ sum: a.sum + v, log: `${a.log}+${v}` }),
        (a, v) => ({ sum: a.sum - v, log: `${a.log}-${v}` }),
      )
    else
      table = groups.aggregate(
        (): Sum => ({ sum: 0, log: '' }),
        (a, v) => Object.assign(a, { sum: a.sum + v, log: `${a.log}+${v}` }),
        (a, v) => Object.assign(a, { sum: a.sum - v, log: `${a.log}-${v}` }),
      )
    if (tellsOld) table.groupBy(() => null)
    // Stored again behind the aggregate: what it keeps is its own.
    const kept = table.toStream({ tombstones: true }).toTable({ name: 'again', materialized: true })
    withOld(table.toStream({ tombstones: true })).to(out('groups'))
    kept
      .filter(() => true, { name: 'seen' })
      .toStream({ tombstones: true })
      .to(out('again'))
  })
  same(rows, got, groupSteps(rows, verb, objects, tellsOld))
}

function groupSteps(
  rows: readonly In[],
  verb: 'count' | 'reduce' | 'pure' | 'mutating',
  objects: boolean,
  tellsOld: boolean,
): Step[] {
  const table = new Map<string, Fruit>()
  const groups = new Map<number, { value: unknown; time: number }>()
  const shownAgain = new Set<string>()
  const init = verb === 'count' ? 0 : { sum: 0, log: '' }
  const add = (a: unknown, v: number): unknown => {
    if (verb === 'count') return Number(a) + 1
    if (verb === 'reduce') return a === null ? v : Number(a) + v
    return { sum: (a as Sum).sum + v, log: `${(a as Sum).log}+${v}` }
  }
  const subtract = (a: unknown, v: number): unknown => {
    if (verb === 'count') return Number(a) - 1
    if (verb === 'reduce') return Number(a) - v === 0 ? null : Number(a) - v
    return { sum: (a as Sum).sum - v, log: `${(a as Sum).log}-${v}` }
  }
  return rows.map(({ key, value, time }) => {
    const made: Out[] = []
    if (key === null) return { groups: made, again: [] }
    const old = table.get(key)
    const fresh = value as Fruit | null
    if (fresh === null) table.delete(key)
    else table.set(key, fresh)
    const change = (group: number, out: number | undefined, into: number | undefined): void => {
      const before = groups.get(group)
      let now: unknown = before?.value ?? null
      if (out !== undefined && now !== null) now = subtract(now, out)
      if (into !== undefined) now = add(now ?? (verb === 'reduce' ? null : init), into)
      const at = before === undefined ? time : Math.max(time, before.time)
      if (now === null) groups.delete(group)
      else groups.set(group, { value: now, time: at })
      const was = tellsOld ? (before?.value ?? null) : 'untold'
      made.push([objects ? { g: group } : group, [now, was], at])
    }
    const leaves = old !== undefined && old.n !== 8 ? old : undefined
    const enters = fresh !== null && fresh.n !== 8 ? fresh : undefined
    if (leaves !== undefined && enters !== undefined && leaves.group === enters.group)
      change(leaves.group, leaves.n, enters.n)
    else {
      if (leaves !== undefined) change(leaves.group, leaves.n, undefined)
      if (enters !== undefined) change(enters.group, undefined, enters.n)
    }
    const again = made.map(([k, v, t]) => [k, (v as unknown[])[0], t] as const)
    return { groups: made, again: againSteps(again) }
  })

  /** The stored filter behind knows what it has shown: a tombstone of a row that is not there is silent. */
  function againSteps(changes: readonly Out[]): readonly Out[] {
    return changes.filter(([group, value]) => {
      const id = JSON.stringify(group)
      const wasThere = shownAgain.has(id)
      if (value === null) shownAgain.delete(id)
      else shownAgain.add(id)
      return value !== null || wasThere
    })
  }
}

// ---- joins of tables

function tableJoin(seed: number, kind: 'join' | 'leftJoin' | 'outerJoin'): void {
  const pick = picker(seededRandom(seed))
  const rows = randomRows(pick, ['a', 'b'], (topic) => `${topic}${pick(5)}`)
  const tellsOld = pick(2) === 0
  const materialized = pick(2) === 0
  const mapped = pick(2) === 0
  const third = pick(2) === 0
  const got = shown(pick, 'streamTime', rows, (app, out) => {
    const a: Table = app.table(rowsOf<unknown>('a'))
    const b: Table = app.table(rowsOf<unknown>('b'))
    const right = mapped ? b.mapValues((v) => `${v}!`) : b
    const put = (l: unknown, r: unknown): object => [l, r] as object
    const joined: Table =
      kind === 'join'
        ? a.join(right, put, { materialized })
        : kind === 'leftJoin'
          ? a.leftJoin(right, put, { materialized })
          : a.outerJoin(right, put, { materialized })
    if (tellsOld) joined.groupBy(() => null)
    withOld(joined.toStream({ tombstones: true })).to(out('joined'))
    // Read by another join, through its store or through its own two tables.
    if (third)
      a.leftJoin(joined, (l, j) => ({ l, j }), { name: 'third' })
        .toStream({ tombstones: true })
        .to(out('third'))
  })
  same(rows, got, joinSteps(rows, kind, { tellsOld, mapped, third }))
}

type Entry = { value: unknown; time: number }

function joinSteps(
  rows: readonly In[],
  kind: 'join' | 'leftJoin' | 'outerJoin',
  { tellsOld, mapped, third }: { tellsOld: boolean; mapped: boolean; third: boolean },
): Step[] {
  const a = new Map<string, Entry>()
  const b = new Map<string, Entry>()
  const right = (value: unknown): unknown =>
    mapped && value !== null ? `${value as string}!` : value
  const needsLeft = kind !== 'outerJoin'
  const needsRight = kind === 'join'
  const result = (l: unknown, r: unknown): unknown =>
    (l === null && r === null) || (l === null && needsLeft) || (r === null && needsRight)
      ? null
      : [l, r]
  const known = (table: Map<string, Entry>, key: string): unknown => table.get(key)?.value ?? null
  const set = (table: Map<string, Entry>, key: string, value: unknown, time: number): void => {
    if (value === null) table.delete(key)
    else table.set(key, { value, time })
  }
  return rows.map(({ topic, key, value, time }) => {
    const joined: Out[] = []
    const thirds: Out[] = []
    const step: Step = third ? { joined, third: thirds } : { joined }
    if (key === null) return step
    const isLeft = topic === 'a'
    const own = isLeft ? a : b
    const other = isLeft ? b : a
    const old = known(own, key)
    set(own, key, value, time)
    const left = known(a, key)
    const rightNow = right(known(b, key))
    const at = Math.max(time, other.get(key)?.time ?? -1)
    const across = other.has(key)
    const ownIsKept = isLeft ? !needsRight : !needsLeft
    const silent = across ? false : !ownIsKept || (value === null && old === null)
    const was = isLeft ? result(old, rightNow) : result(left, right(old))
    const joinedNow = result(left, rightNow)
    if (!silent) joined.push([key, [joinedNow, tellsOld ? was : 'untold'], at])
    // leftJoin of a with the joined table: its own left side first, or the joined table's change.
    const timeOfJoined = Math.max(a.get(key)?.time ?? -1, b.get(key)?.time ?? -1)
    const asRight = (): void => {
      if (silent || left === null) return
      thirds.push([key, { l: left, j: joinedNow }, Math.max(at, a.get(key)!.time)])
    }
    const asLeft = (): void => {
      if (!isLeft) return
      if (joinedNow === null && value === null && old === null) return
      const t = joinedNow === null ? time : Math.max(time, timeOfJoined)
      thirds.push([key, value === null ? null : { l: value, j: joinedNow }, t])
    }
    // The first join was built first, so what it makes goes first.
    asRight()
    asLeft()
    return step
  })
}

// ---- streams with tables

function streamTable(seed: number): void {
  const pick = picker(seededRandom(seed))
  const rows = randomRows(pick, ['s', 't'], (topic) => `${topic}${pick(5)}`)
  const left = pick(2) === 0
  const rekeyed = pick(3) === 0
  const mapped = pick(2) === 0
  const got = shown(pick, pick(2) === 0 ? 'streamTime' : 'watermark', rows, (app, out) => {
    const plain = app.stream(rowsOf<string>('s'))
    const stream = rekeyed ? plain.keyBy((_, key) => key) : plain
    const kept = app.table(rowsOf<string>('t'))
    const table = mapped ? kept.filter((v) => v !== 't1').mapValues((v) => `${v}!`) : kept
    const put = (s: string, t: string | null, key: string): object => [s, t, key]
    const joined = left ? stream.leftJoin(table, put) : stream.join(table, put)
    joined.to(out('joined'))
  })
  const table = new Map<string, string>()
  const wanted = rows.map(({ topic, key, value, time }): Step => {
    if (topic === 't') {
      if (key !== null) table.set(key, value as string)
      return { joined: [] }
    }
    if (value === null) return { joined: [] }
    const raw = key === null ? null : (table.get(key) ?? null)
    const found = raw === null || !mapped ? raw : raw === 't1' ? null : `${raw}!`
    if (found === null && !left) return { joined: [] }
    return { joined: [[key, [value, found, key], time]] }
  })
  same(rows, got, wanted)
}
