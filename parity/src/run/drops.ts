/**
 * Dropped records as Kafka Streams counts them, from our counters by reason: one per row that a rule refuses, one per *window* that is
 * closed for a row. A reason that nobody has put in one of the two lists fails the case that claims a number.
 */
import type { Topology } from '@millrace/core'
import type { TestDriver } from '@millrace/core/testing'

/** Counted there, too. */
const dropped: ReadonlySet<string> = new Set([
  'null-key',
  'null-value',
  'invalid-time',
  'expired-window',
  'expired-version',
  'not-latest',
  'fk-null',
  'fk-stale',
  'join-key-null',
])

/** Ends of a row that are no drop there: what a predicate, a join without a match or a grouping leaves out. */
const notDropped: ReadonlySet<string> = new Set([
  'filtered',
  'no-branch',
  'unmatched',
  'no-group',
  'no-window',
  'tombstone',
  'out-of-order',
])

/** By node and reason, so that counts of tasks that came to an end can be added up. */
export type Reasons = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Of the tasks that run now. A global table belongs to the driver, not to a task, and is left out of a crash's sum. */
export function reasonsOf(driver: TestDriver): Reasons {
  return new Map(driver.nodes.map((name) => [name, driver.counters(name).reasons]))
}

export function droppedRecords(topology: Topology, lives: readonly Reasons[]): number {
  const outlive = new Set<string>(topology.globals.map(({ name }) => name))
  const weights = new Map(topology.nodes.map((node) => [node.name, weightOf(topology, node)]))
  let sum = 0
  lives.forEach((life, i) => {
    for (const [node, reasons] of life) {
      if (outlive.has(node) && i < lives.length - 1) continue
      const weight = weights.get(node) ?? 1
      for (const [reason, count] of reasons) sum += isDropped(reason) ? weight * count : 0
    }
  })
  return sum
}

type GraphNode = Topology['nodes'][number]

/**
 * How often a row that the node refuses is counted. A table's groups leave out what is not the latest, uncounted. In front of a
 * repartition log a filter takes out rows without a key, uncounted, too; but with a left or outer join of a stream anywhere below, the
 * filter lets them pass, and each node behind the log refuses them by itself.
 */
function weightOf({ nodes }: Topology, node: GraphNode): number {
  if (node.kind === 'row' && node.verb === 'groupBy') return 0
  if (node.kind !== 'repartition') return 1
  const below = new Set<GraphNode>([node])
  for (const at of below)
    for (const other of nodes)
      if (other.inputs.includes(at) || (other.kind === 'source' && other.repartition === at))
        below.add(other)
  if (![...below].some(keepsRowsAlone)) return 0
  const source = nodes.find((other) => other.kind === 'source' && other.repartition === node)
  return nodes.filter(({ inputs }) => source !== undefined && inputs.includes(source)).length
}

/** A left or outer join that streams are in. */
function keepsRowsAlone(node: GraphNode): boolean {
  if (node.kind !== 'row' || (node.verb !== 'leftJoin' && node.verb !== 'outerJoin')) return false
  return !isTable(node.inputs[0])
}

const tableVerbs: readonly string[] = [
  'table',
  'toTable',
  'count',
  'reduce',
  'aggregate',
  'cogroup',
  'suppress',
  'transformValues',
  'foreignTable',
]

/** A node that yields a table, or passes on one above it. */
function isTable(node: GraphNode | undefined): boolean {
  if (node?.kind !== 'row') return false
  if (tableVerbs.includes(node.verb)) return true
  return /^(filter|filterNot|mapValues|latest|(left|outer)?[jJ]oin)$/.test(node.verb)
    ? isTable(node.inputs[0])
    : false
}

function isDropped(reason: string): boolean {
  if (dropped.has(reason)) return true
  if (notDropped.has(reason)) return false
  throw new Error(`nobody knows whether Kafka Streams counts ${reason} as a dropped record`)
}
