/**
 * Which stage each node runs in: the number of async nodes on the longest way to it from a source, raised so that all nodes that
 * share a store run in one stage. A store has one stage, because its rows are ordered by one line only (law 13).
 */
import { MillraceError } from '../errors.ts'
import type { StoreSpec } from '../state/store.ts'
import type { GraphNode } from './graph-node.ts'
import { readsOf, storesOf } from './graph-node.ts'

export function assignStages(nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, number> {
  const sharers = storeUsers(nodes)
  const stageOf = new Map<GraphNode, number>(nodes.map((node) => [node, 0]))
  // A stage can rise at most once per async node, so a further rise goes round in a circle.
  const roundsMax = 1 + nodes.filter(({ kind }) => kind === 'async').length
  for (let round = 0; ; round++) {
    for (const node of nodes) raise(stageOf, node, stageBelow(node, stageOf))
    let raised: string | undefined
    for (const [store, users] of sharers) {
      const stage = Math.max(...users.map((user) => stageOf.get(user)!))
      for (const user of users) if (raise(stageOf, user, stage)) raised = store
    }
    if (raised === undefined) break
    if (round > roundsMax) throw reachableTwice(raised, sharers.get(raised)!)
  }
  refuseNumberedCrossings(nodes, stageOf)
  return stageOf
}

/** The nodes of each store, by its name: one spec a name. */
export function storeUsers(nodes: readonly GraphNode[]): ReadonlyMap<string, readonly GraphNode[]> {
  const users = new Map<string, GraphNode[]>()
  for (const node of nodes) {
    for (const spec of storesOf(node)) {
      const others = users.get(spec.name) ?? []
      if (others.some((other) => !storesOf(other).includes(spec))) {
        throw new MillraceError(
          'MILLRACE_DUPLICATE_NAME',
          `two stores are called ${spec.name}: give one of them another name, or declare one spec and name it in both nodes`,
          { at: { node: node.name } },
        )
      }
      users.set(spec.name, [...others, node])
    }
  }
  // Who looks a table up reads the stores behind it, in the stage of that table.
  for (const node of nodes)
    for (const spec of behind(node)) {
      const others = users.get(spec.name) ?? []
      if (!others.includes(node)) users.set(spec.name, [...others, node])
    }
  return users
}

/** The stores behind what a node looks up: of the table itself, or of the tables it is made of. */
function behind(node: GraphNode): readonly StoreSpec[] {
  return readsOf(node).flatMap((table) => [...storesOf(table), ...behind(table)])
}

/** State is kept where its key's rows are: behind a new key that is elsewhere. */
export function refuseStateBehindNewKeys(nodes: readonly GraphNode[]): void {
  const rekeyed = new Map<GraphNode, GraphNode>()
  for (const node of nodes) {
    const above = node.inputs.map((input) => rekeyed.get(input)).find((by) => by !== undefined)
    if (above !== undefined && storesOf(node).some(({ scope }) => scope === 'key')) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `${node.name} keeps state, and ${above.name} above it gives rows a new key, whose rows may be in another task: say keyBy(..., { partitioned: true }) if the source is split by that key, or send the rows through .repartition() first`,
        { at: { node: node.name } },
      )
    }
    const by = node.kind === 'row' && node.changesKey ? node : above
    if (by !== undefined) rekeyed.set(node, by)
  }
}

function stageBelow(node: GraphNode, stageOf: ReadonlyMap<GraphNode, number>): number {
  return Math.max(
    0,
    ...node.inputs.map((input) => stageOf.get(input)! + (input.kind === 'async' ? 1 : 0)),
  )
}

function raise(stageOf: Map<GraphNode, number>, node: GraphNode, stage: number): boolean {
  if (stage <= stageOf.get(node)!) return false
  stageOf.set(node, stage)
  return true
}

function reachableTwice(store: string, users: readonly GraphNode[]): MillraceError {
  return new MillraceError(
    'MILLRACE_TOPOLOGY',
    `the store ${store} is used before and behind an asynchronous step (${users.map(({ name }) => name).join(', ')}), so rows would meet it in two orders: use two stores, or move the asynchronous step`,
  )
}

/** Rows may be in flight on their way into the next stage, and are found again by the name of the node they go to. */
function refuseNumberedCrossings(
  nodes: readonly GraphNode[],
  stageOf: ReadonlyMap<GraphNode, number>,
): void {
  for (const node of nodes) {
    const crosses = node.inputs.some(
      (input) => stageOf.get(node)! > stageOf.get(input)! + (input.kind === 'async' ? 1 : 0),
    )
    if (!crosses || node.shownAs === undefined) continue
    if (nodes.some((other) => other !== node && other.shownAs === node.shownAs)) {
      throw new MillraceError(
        'MILLRACE_DUPLICATE_NAME',
        `several nodes would be called ${node.shownAs}, and rows on their way to ${node.name} by-pass an asynchronous step, so they are found by that name after a restart: give it a name of its own: { name: '...' }`,
        { at: { node: node.name } },
      )
    }
  }
}
