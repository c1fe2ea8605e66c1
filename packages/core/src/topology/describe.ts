/**
 * describe(): the topology as text in the grammar of Kafka Streams, and as JSON. Nodes and their neighbours are ordered by the
 * size of what hangs below them, then by name. The number of a sub-topology appears here only: its identity is its name.
 */
import { storesOf } from './graph-node.ts'
import type { GlobalNode, GraphNode } from './graph-node.ts'
import type { SubTopology } from './compile.ts'

export interface DescribedNode {
  readonly name: string
  readonly kind: string
  readonly stage: number
  readonly topic?: string
  readonly stores: readonly string[]
  readonly to: readonly string[]
  readonly from: readonly string[]
}

export interface DescribedSubTopology {
  readonly id: number
  readonly name: string
  readonly stages: number
  readonly nodes: readonly DescribedNode[]
}

/** A topic that every worker keeps whole. */
export interface DescribedGlobal {
  readonly id: number
  readonly name: string
  readonly topic: string
}

export interface DescribedTopology {
  readonly fingerprint: string
  readonly subTopologies: readonly DescribedSubTopology[]
  readonly globals: readonly DescribedGlobal[]
}

export function describeJson(
  parts: readonly SubTopology[],
  globals: readonly GlobalNode[],
  fingerprint: string,
): DescribedTopology {
  const numbered = numberAll(parts, globals)
  return {
    fingerprint,
    subTopologies: numbered.flatMap((it, id) =>
      'kind' in it ? [] : [{ id, name: it.name, stages: it.stages, nodes: nodesOf(it) }],
    ),
    globals: numbered.flatMap((it, id) =>
      'kind' in it ? [{ id, name: it.name, topic: it.source.topic }] : [],
    ),
  }
}

export function describeText(
  parts: readonly SubTopology[],
  globals: readonly GlobalNode[],
): string {
  const texts = numberAll(parts, globals).map((it, id) =>
    'kind' in it
      ? describeGlobal(it, id)
      : `Sub-topology: ${id}\n${nodesOf(it)
          .map((node) => `    ${describeNode(node)}\n`)
          .join('')}\n`,
  )
  return `Topologies:\n ${texts.map((text) => `  ${text}`).join('')}`
}

/** Sub-topologies and global tables, in the order in which they were begun. */
function numberAll(
  parts: readonly SubTopology[],
  globals: readonly GlobalNode[],
): readonly (SubTopology | GlobalNode)[] {
  return [...parts, ...globals].sort((a, b) => beginOf(a) - beginOf(b))
}

function beginOf(it: SubTopology | GlobalNode): number {
  return 'kind' in it ? it.order : it.nodes[0]!.order
}

function describeGlobal({ name, source }: GlobalNode, id: number): string {
  const processor = `${name}.table`
  return (
    `Sub-topology: ${id} for global store (will not generate tasks)\n` +
    `    Source: ${name} (topics: [${source.topic}])\n      --> ${processor}\n` +
    `    Processor: ${processor} (stores: [${name}])\n      --> none\n      <-- ${name}\n`
  )
}

function nodesOf(part: SubTopology): readonly DescribedNode[] {
  const sizes = new Map<GraphNode, number>()
  for (const node of [...part.nodes].reverse()) {
    sizes.set(node, 1 + part.children.get(node)!.reduce((sum, child) => sum + sizes.get(child)!, 0))
  }
  const order = (a: GraphNode, b: GraphNode): number =>
    sizes.get(b)! - sizes.get(a)! || (a.name < b.name ? -1 : 1)
  const names = (nodes: readonly GraphNode[]): readonly string[] =>
    [...nodes].sort(order).map((node) => node.name)
  return [...part.nodes].sort(order).map((node) => ({
    name: node.name,
    kind: node.kind === 'row' ? node.verb : node.kind,
    stage: part.stageOf.get(node)!,
    ...topicOf(node),
    stores: storesOf(node).map(({ name }) => name),
    to: names(part.children.get(node)!),
    from: names(node.inputs),
  }))
}

function topicOf(node: GraphNode): { topic?: string } {
  if (node.kind === 'source') return { topic: node.source.topic }
  if (node.kind === 'repartition') return { topic: node.topic }
  return node.kind === 'sink' && node.sink.target !== undefined ? { topic: node.sink.target } : {}
}

function describeNode(node: DescribedNode): string {
  const below = `\n      --> ${node.to.join(', ') || 'none'}`
  const above = `\n      <-- ${node.from.join(', ') || 'none'}`
  if (node.kind === 'source') return `Source: ${node.name} (topics: [${node.topic}])${below}`
  if (node.kind === 'sink' || node.kind === 'repartition')
    return `Sink: ${node.name} (${node.topic === undefined ? 'extractor class: per-record' : `topic: ${node.topic}`})${above}`
  return `Processor: ${node.name} (stores: [${node.stores.join(', ')}])${below}${above}`
}
