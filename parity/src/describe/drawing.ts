/** Drawing: which node of Kafka Streams stands for each node of ours, while a topology is drawn. */
import type { Topology } from '@millrace/core'
import { KafkaTopology } from './kafka-topology.ts'

export type GraphNode = Topology['nodes'][number]
export type RowNode = Extract<GraphNode, { kind: 'row' }>
export type SourceNode = Extract<GraphNode, { kind: 'source' }>

/** What stands for one of our nodes: where its children hang. */
export interface Drawn {
  readonly name: string
  /** Of a table: the stores that who looks it up reads. */
  readonly lookups?: readonly string[]
}

export class Drawing {
  readonly kafka: KafkaTopology = new KafkaTopology()
  readonly #nodes: readonly GraphNode[]
  readonly #drawn: Map<GraphNode, Drawn> = new Map()
  /** Sources of repartition logs, by topic. */
  readonly #logs: Map<string, Drawn> = new Map()

  constructor({ nodes }: Topology) {
    this.#nodes = nodes
  }

  of(node: GraphNode): Drawn {
    const drawn = this.#drawn.get(node)
    if (drawn === undefined) throw new Error(`${node.name} has no place in Kafka Streams' text`)
    return drawn
  }

  nameOf(node: GraphNode): string {
    return this.of(node).name
  }

  set(node: GraphNode, drawn: Drawn): void {
    this.#drawn.set(node, drawn)
  }

  /** One processor for the node, below its inputs. */
  add(node: GraphNode, prefix: string, stores: readonly string[] = []): string {
    const name = this.kafka.name(prefix)
    this.kafka.processor(
      name,
      node.inputs.map((input) => this.nameOf(input)),
      stores,
    )
    this.set(node, { name })
    return name
  }

  /** The rows of an input where the node behind it can use them: across a repartition log, if our graph has one there. */
  placed(input: GraphNode, prefix: string): string {
    if (!this.#drawn.has(input)) this.repartition(input as SourceNode, prefix)
    return this.nameOf(input)
  }

  /**
   * A repartition log of a stream: rows without a key are filtered out in front of it. Joins of one stream share the log that is named by
   * it, and count three names each time.
   */
  repartition(source: SourceNode, prefix: string): void {
    const { kafka } = this
    const topic = `${prefix}-repartition`
    const [sink, filter, name] = logNames(
      topic,
      kafka.name('KSTREAM-SINK-'),
      kafka.name('KSTREAM-FILTER-'),
      kafka.name('KSTREAM-SOURCE-'),
    )
    const shared = this.#logs.get(topic)
    if (shared !== undefined) {
      this.set(source, shared)
      return
    }
    kafka.processor(filter, [this.nameOf(source.repartition!.inputs[0]!)])
    kafka.sink(sink, topic, filter)
    kafka.source(name, topic)
    this.set(source, { name })
    this.#logs.set(topic, { name })
  }

  /** Three names that nobody gets. */
  skipLogNames(): void {
    for (let i = 0; i < 3; i++) this.kafka.name('')
  }

  /** The stream in front of a repartition log, if the input is one that is not drawn yet. */
  behind(input: GraphNode): GraphNode | undefined {
    if (input.kind !== 'source' || this.#drawn.has(input)) return undefined
    return input.repartition?.inputs[0]
  }

  /** The table that reads the source. */
  tableOf(source: SourceNode): RowNode | undefined {
    return this.#nodes.find(
      (node): node is RowNode =>
        node.kind === 'row' && node.verb === 'table' && node.inputs[0] === source,
    )
  }

  /** The user asked for the log: no node behind it has given it its name. */
  isExplicit(source: SourceNode): boolean {
    const { topic } = source.source
    const sender = source.repartition!.inputs[0]
    if (sender?.kind === 'row' && sender.verb.startsWith('foreign')) return false
    return !this.#nodes.some(
      (node) =>
        node.kind === 'row' &&
        node.stateful &&
        node.inputs.includes(source) &&
        topic.startsWith(`${node.name}-`),
    )
  }

  isTable(node: GraphNode): boolean {
    return this.#drawn.get(node)?.lookups !== undefined
  }

  /** The input comes across the log of a table's groupBy. */
  isTableGroup(input: GraphNode): boolean {
    const group = this.behind(input)
    return group?.kind === 'row' && group.verb === 'groupBy'
  }

  isStored(node: RowNode): boolean {
    return node.stores().length > 0
  }

  hasChildren(node: GraphNode): boolean {
    return this.#nodes.some(({ inputs }) => inputs.includes(node))
  }
}

/** The nodes around a log have the names that were made for them, or that of the log if it was given one; a cogroup's counts as given. */
function logNames(
  topic: string,
  ...made: readonly [sink: string, filter: string, source: string]
): readonly [sink: string, filter: string, source: string] {
  if (/^KSTREAM-.*\d{10}-repartition$/.test(topic)) return made
  return [`${topic}-sink`, `${topic}-filter`, `${topic}-source`]
}
