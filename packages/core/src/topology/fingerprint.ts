/**
 * The fingerprint of a topology: what must be equal for a checkpoint to fit. It sees sub-topologies, sources, sinks and the
 * nodes whose names lead to state, with kind and inputs, and no stateless step: a `filter` may come and go.
 */
import { sha256Hex } from '../hash.ts'
import type { GraphNode } from './graph-node.ts'
import { isAnchor, storesOf } from './graph-node.ts'
import type { SubTopology } from './compile.ts'

export interface FingerprintEntry {
  readonly subTopology: string
  readonly node: string
  readonly kind: string
  readonly facts: string
}

export interface Fingerprint {
  readonly hash: string
  readonly entries: readonly FingerprintEntry[]
}

export function fingerprint(parts: readonly SubTopology[]): Fingerprint {
  const entries: FingerprintEntry[] = []
  for (const part of parts) {
    for (const node of part.nodes) {
      if (isAnchor(node) || node.kind === 'sink')
        entries.push({
          subTopology: part.name,
          node: node.name,
          kind: node.kind === 'row' ? node.verb : node.kind,
          facts: factsOf(node),
        })
    }
  }
  entries.sort((a, b) => compareText(a.subTopology, b.subTopology) || compareText(a.node, b.node))
  return { hash: sha256Hex(JSON.stringify(entries)), entries }
}

/** What was added, removed or changed, in words; empty when the checkpoint fits. */
export function diffFingerprints(
  stored: readonly FingerprintEntry[],
  now: readonly FingerprintEntry[],
): readonly string[] {
  const lines: string[] = []
  const before = new Map(stored.map((entry) => [entry.node, entry]))
  const after = new Map(now.map((entry) => [entry.node, entry]))
  for (const [name, entry] of before) {
    const other = after.get(name)
    if (other === undefined)
      lines.push(`removed: ${entry.kind} ${name} of sub-topology ${entry.subTopology}`)
    else if (other.subTopology !== entry.subTopology)
      lines.push(
        `moved: ${entry.kind} ${name} from sub-topology ${entry.subTopology} to ${other.subTopology}`,
      )
    else if (other.kind !== entry.kind || other.facts !== entry.facts)
      lines.push(
        `changed: ${name} from ${entry.kind} ${entry.facts} to ${other.kind} ${other.facts}`,
      )
  }
  for (const [name, entry] of after) {
    if (!before.has(name))
      lines.push(`added: ${entry.kind} ${name} in sub-topology ${entry.subTopology}`)
  }
  return lines
}

function factsOf(node: GraphNode): string {
  if (node.kind === 'source')
    return `${node.source.topic} key=${node.source.key.name} value=${node.source.value.name}`
  if (node.kind === 'sink') {
    const decides = node.sink.decides
    return `${node.sink.type} ${node.sink.target ?? 'per record'} decided by ${decides === 'log' ? 'log' : decides.cluster}`
  }
  if (node.kind === 'repartition')
    return `${node.topic} key=${node.key.name} value=${node.value.name}`
  const stores = storesOf(node)
  const params = Object.entries(node.params)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${key}=${value}`)
  if (stores.length === 0) return params.join(' ')
  const kept = stores.map(({ name, facts }) => `${name} ${facts}`).join(', ')
  return [...params, kept].join(' ')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
