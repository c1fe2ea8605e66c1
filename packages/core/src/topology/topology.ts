/** Topology: a compiled app, and what can be said of it without running it. */
import { compile } from './compile.ts'
import type { SubTopology } from './compile.ts'
import { describeJson, describeText } from './describe.ts'
import type { DescribedTopology } from './describe.ts'
import { fingerprint } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { GlobalNode, GraphNode } from './graph-node.ts'

export class Topology {
  /** Of all sub-topologies, in build order. */
  readonly nodes: readonly GraphNode[]
  readonly subTopologies: readonly SubTopology[]
  readonly fingerprint: Fingerprint
  /** Kept whole by each worker. */
  readonly globals: readonly GlobalNode[]

  constructor(nodes: readonly GraphNode[]) {
    this.nodes = nodes
    this.subTopologies = compile(nodes)
    this.globals = nodes.filter((node): node is GlobalNode => node.kind === 'global')
    this.fingerprint = fingerprint(this.subTopologies)
  }

  describe(): string {
    return describeText(this.subTopologies, this.globals)
  }

  toJSON(): DescribedTopology {
    return describeJson(this.subTopologies, this.globals, this.fingerprint.hash)
  }
}
