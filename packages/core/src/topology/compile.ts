/**
 * Compile: graph -> sub-topologies -> stages. Pure.
 *
 * A **sub-topology** is a connected part of the graph; its tasks read one split per source topic and partition. Its identity
 * is a name, the smallest of its source names, never its number.
 * A **stage** is what runs synchronously: an async node ends one. `stageOf(node)` = the number of async nodes on the longest
 * way from a source. An edge that skips stages crosses one boundary after the other, so that rows of all paths meet in the
 * order in which their source rows were taken.
 * The **prefix** of a source runs per split, before splits are merged: up to and including its `eventTime`, else a `validate`
 * right behind the source, else nothing.
 */
import { MillraceError } from '../errors.ts'
import type { Sink } from '../sink.ts'
import type { Clock, EventTimeNode, GraphNode, SourceNode } from './graph-node.ts'
import { assignStages, refuseStateBehindNewKeys, storeUsers } from './stages.ts'

export interface SourcePrefix {
  readonly source: SourceNode
  /** The nodes of the prefix, in order, `eventTime` last where there is one. */
  readonly nodes: readonly GraphNode[]
  readonly eventTime: EventTimeNode | undefined
}

export interface SubTopology {
  readonly name: string
  /** In build order, which is a topological order. */
  readonly nodes: readonly GraphNode[]
  readonly prefixes: readonly SourcePrefix[]
  readonly stageOf: ReadonlyMap<GraphNode, number>
  readonly stages: number
  /** With an entry for each edge: a node that takes the same rows twice stands here twice. */
  readonly children: ReadonlyMap<GraphNode, readonly GraphNode[]>
  readonly clock: Clock
}

export function compile(nodes: readonly GraphNode[]): readonly SubTopology[] {
  if (nodes.length === 0)
    throw new MillraceError(
      'MILLRACE_TOPOLOGY',
      'the app has no source: start with app.stream(...)',
    )
  const parts = components(nodes.filter(({ kind }) => kind !== 'global'))
  refuseStoresOfTwoParts(nodes, parts)
  return parts.map(compilePart)
}

/** A store lives in the tasks of one sub-topology. */
function refuseStoresOfTwoParts(
  nodes: readonly GraphNode[],
  parts: readonly (readonly GraphNode[])[],
): void {
  for (const [store, users] of storeUsers(nodes)) {
    const owner = parts.find((part) => part.includes(users[0]!))!
    if (users.every((user) => owner.includes(user))) continue
    throw new MillraceError(
      'MILLRACE_TOPOLOGY',
      `the store ${store} is used by streams that do not meet, which run in different tasks: give each a store of its own`,
    )
  }
}

function compilePart(nodes: readonly GraphNode[]): SubTopology {
  const sources = nodes.filter((node): node is SourceNode => node.kind === 'source')
  const children = childrenOf(nodes)
  const name = sources.map((source) => source.name).sort()[0]!
  refuseTwoLogs(sources)
  refuseSameTopicTwice(sources)
  const prefixes = sources.map((source) => prefixOf(source, children))
  refuseStrayEventTime(nodes, prefixes)
  refuseTwoClusters(nodes)
  refuseSharedTargets(nodes)
  refuseStateBehindNewKeys(nodes)
  const stageOf = assignStages(nodes)
  const stages =
    1 + Math.max(...nodes.map((node) => stageOf.get(node)! + (node.kind === 'async' ? 1 : 0)))
  const clock = oneClock(sources)
  return Object.freeze({ name, nodes, prefixes, stageOf, stages, children, clock })
}

/** Connected components, in the order of their first node. */
function components(nodes: readonly GraphNode[]): readonly (readonly GraphNode[])[] {
  const group = new Map<GraphNode, GraphNode[]>()
  for (const node of nodes) {
    let mine: GraphNode[] = [node]
    for (const input of node.inputs) {
      const theirs = group.get(input)!
      if (theirs === mine) continue
      const merged = [...theirs, ...mine]
      for (const member of merged) group.set(member, merged)
      mine = merged
    }
    group.set(node, mine)
  }
  const order = new Map(nodes.map((node, index) => [node, index]))
  const parts = [...new Set(group.values())]
  for (const part of parts) part.sort((a, b) => order.get(a)! - order.get(b)!)
  return parts.sort((a, b) => order.get(a[0]!)! - order.get(b[0]!)!)
}

function childrenOf(nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, readonly GraphNode[]> {
  const children = new Map<GraphNode, GraphNode[]>(nodes.map((node) => [node, []]))
  for (const node of nodes) for (const input of node.inputs) children.get(input)!.push(node)
  return children
}

/** The steps that run before this source's splits are merged. */
function prefixOf(
  source: SourceNode,
  children: ReadonlyMap<GraphNode, readonly GraphNode[]>,
): SourcePrefix {
  // Rows of a repartition log have their time already.
  if (source.repartition !== undefined) return { source, nodes: [], eventTime: undefined }
  const chain: GraphNode[] = []
  let node: GraphNode = source
  for (;;) {
    const below: readonly GraphNode[] = children.get(node)!
    if (below.length !== 1) break
    node = below[0]!
    if (node.inputs.length !== 1) break
    if (node.kind === 'event-time') return { source, nodes: [...chain, node], eventTime: node }
    if (node.kind !== 'row' || node.stateful) break
    chain.push(node)
  }
  const first = chain[0]
  const validates = first !== undefined && first.kind === 'row' && first.verb === 'validate'
  return { source, nodes: validates ? [first] : [], eventTime: undefined }
}

function refuseStrayEventTime(
  nodes: readonly GraphNode[],
  prefixes: readonly SourcePrefix[],
): void {
  for (const node of nodes) {
    if (node.kind !== 'event-time') continue
    const prefix = prefixes.find((candidate) => candidate.eventTime === node)
    if (prefix === undefined) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `eventTime belongs to the source, but between it and its source ${explainGap(node.inputs[0]!)}: move eventTime(...) up, right behind the source or the validate`,
        { at: { node: node.name } },
      )
    }
    const several = prefix.nodes.find((step) => step.kind === 'row' && !step.atMostOne)
    if (several !== undefined) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `eventTime runs before a source's splits are merged, so the steps above it may not make several rows of one, as ${several.name} may: move eventTime(...) above it`,
        { at: { node: node.name } },
      )
    }
  }
}

function explainGap(input: GraphNode): string {
  let node = input
  for (;;) {
    if (node.kind === 'merge') return `streams are merged (${node.name})`
    if (node.kind === 'async') return `there is an asynchronous step (${node.name})`
    if (node.kind === 'row' && node.stateful) return `there is state (${node.name})`
    if (node.kind === 'source' && node.repartition !== undefined)
      return `the rows cross a repartition log (${node.name})`
    if (node.kind === 'event-time')
      return `there is another eventTime (${node.name}): a source has at most one`
    if (node.kind === 'branch-output' || node.kind === 'branch')
      return `the stream is split (${node.name})`
    if (node.kind === 'source' || node.inputs.length === 0) return 'the stream forks'
    node = node.inputs[0]!
  }
}

/** A sub-topology has one membership, so all its sources come from one log system. */
function refuseTwoLogs(sources: readonly SourceNode[]): void {
  const first = sources[0]!
  for (const source of sources) {
    if (source.source.log.system !== first.source.log.system) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `the sources ${first.name} (${first.source.log.system}) and ${source.name} (${source.source.log.system}) meet in one sub-topology but belong to two log systems: send one of them through a topic of the other first`,
      )
    }
  }
}

/** T is one thing for all nodes that rows of several sources meet in. */
function oneClock(sources: readonly SourceNode[]): Clock {
  const first = sources[0]!
  const other = sources.find(({ clock }) => clock !== first.clock)
  if (other !== undefined)
    throw new MillraceError(
      'MILLRACE_TOPOLOGY',
      `the sources ${first.name} (${first.clock}) and ${other.name} (${other.clock}) meet in one sub-topology and use different clocks: give both the same { clock }`,
    )
  return first.clock
}

function refuseSameTopicTwice(sources: readonly SourceNode[]): void {
  const topics = new Map<string, SourceNode>()
  for (const source of sources) {
    const other = topics.get(source.source.topic)
    if (other !== undefined) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `the sources ${other.name} and ${source.name} both read ${source.source.topic}: call app.stream(...) once and use the handle twice`,
      )
    }
    topics.set(source.source.topic, source)
  }
}

/** A dead letter must not change what decides a commit: such sinks are always staged. */
export function refuseDecidingDeadLetters(sink: Sink<never>, node?: GraphNode): void {
  if (sink.decides === 'log') return
  throw new MillraceError(
    'MILLRACE_TOPOLOGY',
    `dead letters go to ${sink.type} ${sink.target ?? ''}, whose transaction would decide commits: use the staged form of that sink, or another one`,
    node === undefined ? {} : { at: { node: node.name } },
  )
}

/** Two nodes of a task that publish under the same names would take each other's rows for their own. */
function refuseSharedTargets(nodes: readonly GraphNode[]): void {
  const writers = new Map<string, string>()
  const claim = (sink: Sink<never>, writer: string): void => {
    if (sink.exclusive !== true || sink.target === undefined) return
    const target = `${sink.type} ${sink.target}`
    const other = writers.get(target)
    if (other !== undefined && other !== writer) {
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `${other} and ${writer} both write to ${sink.target}, where each file belongs to one node: give one of them another place, or merge the streams first`,
      )
    }
    writers.set(target, writer)
  }
  for (const node of nodes) {
    if (node.kind === 'sink') claim(node.sink, `the sink ${node.name}`)
    if (typeof node.onError === 'object') claim(node.onError.deadLetter, 'dead letters')
  }
}

/** One decider a task: at most one cluster may decide its commits. */
function refuseTwoClusters(nodes: readonly GraphNode[]): void {
  const clusters = new Map<string, string>()
  for (const node of nodes) {
    if ((node.kind === 'sink' || node.kind === 'repartition') && node.sink.decides !== 'log')
      clusters.set(node.sink.decides.cluster, node.name)
    if (typeof node.onError === 'object') refuseDecidingDeadLetters(node.onError.deadLetter, node)
  }
  if (clusters.size > 1) {
    throw new MillraceError(
      'MILLRACE_TOPOLOGY',
      `the sinks ${[...clusters.values()].join(' and ')} write in transactions of two clusters, and one commit can have one decision only: write to one of them through a topic of the other`,
    )
  }
}
