/**
 * Co-partitioning. Rows of one key meet in one task only if their topics have equally many partitions and place keys alike. Which
 * topics must agree is read off the graph: those whose rows meet in a node that joins by key. Repartition logs are ours to size:
 * as asked for, else like the topics they are joined with, else like the widest topic their rows come from. Pure.
 */
import { MillraceError } from '../errors.ts'
import type { SubTopology } from './compile.ts'
import type { GraphNode, RepartitionNode, SourceNode } from './graph-node.ts'

/** Partitions of each topic that is there already; what a topic with shards answers is undefined. */
export type PartitionsOf = (topic: string) => number | undefined

/** How many partitions each repartition log gets, by its topic. */
export function sizeRepartitions(
  parts: readonly SubTopology[],
  partitionsOf: PartitionsOf,
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  const known: PartitionsOf = (topic) => sizes.get(topic) ?? partitionsOf(topic)
  const logs = parts.flatMap(({ nodes }) =>
    nodes.filter((node): node is RepartitionNode => node.kind === 'repartition'),
  )
  for (const log of logs) if (log.partitions !== undefined) sizes.set(log.topic, log.partitions)
  // A log may be sized like another one, which is sized later: at most one round a log.
  for (let rounds = logs.length; rounds > 0; rounds--)
    for (const log of logs) {
      const size = sizes.get(log.topic) ?? partnersOf(log, parts, known) ?? widest(log, known)
      if (size !== undefined) sizes.set(log.topic, size)
    }
  return sizes
}

/** Refuses a join whose inputs are not placed alike, and says what to do. */
export function refuseUnequalPartitions(
  parts: readonly SubTopology[],
  partitionsOf: PartitionsOf,
): void {
  for (const part of parts)
    for (const node of part.nodes) {
      const [first, ...others] = meeting(node)
      if (first === undefined) continue
      const partitions = partitionsOf(first)
      const other = others.find((topic) => partitionsOf(topic) !== partitions)
      if (partitions === undefined || other === undefined) continue
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `${node.name} brings rows of one key together, but ${first} has ${partitions} partitions and ${other} has ${String(partitionsOf(other))}: send one side through .repartition({ partitions: ... }), make the topics alike, or use a global table`,
        { at: { node: node.name } },
      )
    }
}

/** The topics whose rows meet in this node by key. */
function meeting(node: GraphNode): readonly string[] {
  if (node.kind !== 'row' || node.inputs.length < 2) return []
  return [...new Set(node.inputs.flatMap((input) => sourcesOf(input)).map(topicOf))]
}

function partnersOf(
  log: RepartitionNode,
  parts: readonly SubTopology[],
  known: PartitionsOf,
): number | undefined {
  for (const node of parts.flatMap(({ nodes }) => nodes)) {
    const topics = meeting(node)
    if (!topics.includes(log.topic)) continue
    for (const topic of topics) if (known(topic) !== undefined) return known(topic)
  }
  return undefined
}

function widest(log: RepartitionNode, known: PartitionsOf): number | undefined {
  const sizes = sourcesOf(log).map((source) => known(topicOf(source)) ?? 0)
  const size = Math.max(0, ...sizes)
  return size === 0 ? undefined : size
}

function sourcesOf(node: GraphNode): readonly SourceNode[] {
  return node.kind === 'source' ? [node] : node.inputs.flatMap(sourcesOf)
}

function topicOf({ source }: SourceNode): string {
  return source.topic
}
