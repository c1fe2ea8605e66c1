/**
 * describe(): the topology as text in the grammar of Kafka Streams, and as JSON. Nodes and their neighbours are ordered by the
 * size of what hangs below them, then by name. The number of a sub-topology appears here only: its identity is its name.
 */
import { storesOf } from './graph-node.ts'
import type { GraphNode } from './graph-node.ts'
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

export interface DescribedTopology {
  readonly fingerprint: string
  readonly subTopologies: readonly DescribedSubTopology[]
}

export function describeJson(
  parts: readonly SubTopology[],
  fingerprint: string,
): DescribedTopology {
  return {
    fingerprint,
    subTopologies: parts.map((part, id) => ({
      id,
      name: part.name,
      stages: part.stages,
      nodes: nodesOf(part),
    })),
  }
}

export function describeText(parts: readonly SubTopology[]): string {
  const texts = parts.map(
    (part, id) =>
      `Sub-topology: ${id}\n${nodesOf(part)
        .map((node) => `    ${describeNode(node)}\n`)
        .join('')}\n`,
  )
  return `Topologies:\n ${texts.map((text) => `  ${text}`).join('')}`
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
  return node.kind === 'sink' && node.sink.target !== undefined ? { topic: node.sink.target } : {}
}

function describeNode(node: DescribedNode): string {
  const below = `\n      --> ${node.to.join(', ') || 'none'}`
  const above = `\n      <-- ${node.from.join(', ') || 'none'}`
  if (node.kind === 'source') return `Source: ${node.name} (topics: [${node.topic}])${below}`
  if (node.kind === 'sink')
    return `Sink: ${node.name} (${node.topic === undefined ? 'extractor class: per-record' : `topic: ${node.topic}`})${above}`
  return `Processor: ${node.name} (stores: [${node.stores.join(', ')}])${below}${above}`
}
