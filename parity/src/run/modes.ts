/**
 * Modes: how a case is run beside the plain way, one row after the other. In none of them may an output differ, `after` included
 * (laws 12 and 13). A mode that a case is not comparable in is skipped, with the reason.
 */
import type { Topology } from '@millrace/core'
import type { Case } from '../case.ts'
import { isRow } from '../case.ts'

export interface Mode {
  /** Successive rows of a split: one at a time, all in one batch, or in batches cut at random. */
  readonly batch: 'one' | 'all' | 'random'
  readonly seed: number
  /** A commit and a crash after each input. */
  readonly restore: boolean
  /** Rows a node may emit in one slice of what it owes. */
  readonly drain: number | undefined
  readonly store: 'memory' | 'level'
}

export const plainMode: Mode = {
  batch: 'one',
  seed: 1,
  restore: false,
  drain: undefined,
  store: 'memory',
}

/** Batches are as large as the case allows: batching is invisible within a stage only, so rows that cross an internal log come alone. */
export function allowedIn(mode: Mode, topology: Topology): Mode {
  return crossesLog(topology) ? { ...mode, batch: 'one' } : mode
}

/** Why the case cannot be compared in this mode; undefined if it can. */
export function notIn(mode: Mode, test: Case, topology: Topology): string | undefined {
  if (mode.restore && usesWallClock(test)) return 'wall-clock schedules start anew after a restore'
  if (mode.drain !== undefined && hasBypass(topology))
    return 'a branch by-passes a node that drains'
  return undefined
}

function crossesLog(topology: Topology): boolean {
  return topology.subTopologies.some(({ nodes }) =>
    nodes.some(({ kind }) => kind === 'repartition'),
  )
}

function usesWallClock({ plan, inputs = [] }: Case): boolean {
  if (plan.config?.clock?.idleMs !== undefined) return true
  const punctuators = plan.nodes.flatMap(
    ({ punctuators = [] }) => punctuators as { type: string }[],
  )
  return punctuators.some(({ type }) => type === 'wallClock') && !inputs.every(isRow)
}

type GraphNode = Topology['subTopologies'][number]['nodes'][number]

/** Some node below one that keeps state takes rows past it, from further up. */
function hasBypass(topology: Topology): boolean {
  return topology.subTopologies.some(({ nodes }) =>
    nodes.some((node) => node.kind === 'row' && node.stateful && isBypassed(node, nodes)),
  )
}

function isBypassed(node: GraphNode, nodes: readonly GraphNode[]): boolean {
  const above = closure([node], ({ inputs }) => inputs)
  const below = closure([node], (at) => nodes.filter(({ inputs }) => inputs.includes(at)))
  const besideIt = closure(
    [...above].filter((at) => at !== node),
    (at) => nodes.filter((to) => to.inputs.includes(at) && to !== node),
  )
  return [...below].some((at) => at !== node && besideIt.has(at) && at.inputs.length > 1)
}

function closure(
  start: readonly GraphNode[],
  next: (node: GraphNode) => readonly GraphNode[],
): ReadonlySet<GraphNode> {
  const seen = new Set(start)
  for (const node of seen) for (const other of next(node)) seen.add(other)
  return seen
}
