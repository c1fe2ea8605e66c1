/**
 * KafkaTopology: the nodes of a program as Kafka Streams has them, and their text in its grammar. One counter numbers all nodes and
 * stores, in the order in which calls of its DSL ask for names; a sub-topology is what edges and shared stores hold together, and its
 * number follows the order of its first node.
 */
import { javaSetOrder } from './java-set.ts'
import { linkNodes } from './node-order.ts'
import type { Linked } from './node-order.ts'

interface KafkaNode {
  readonly kind: 'source' | 'processor' | 'sink' | 'global-source' | 'global-processor'
  readonly name: string
  /** Of sources and sinks. */
  readonly topic: string
  readonly parents: readonly string[]
  readonly stores: readonly string[]
}

export class KafkaTopology {
  readonly #nodes: Map<string, KafkaNode> = new Map()
  #next = 0

  /** The next name with this prefix, for example `KSTREAM-MAP-`. */
  name(prefix: string): string {
    return `${prefix}${String(this.#next++).padStart(10, '0')}`
  }

  /** The next store name: `<prefix>STATE-STORE-<number>`. */
  storeName(prefix: string): string {
    return this.name(`${prefix}STATE-STORE-`)
  }

  source(name: string, topic: string): void {
    this.#add('source', name, topic, [])
  }

  processor(name: string, parents: readonly string[], stores: readonly string[] = []): void {
    this.#add('processor', name, '', parents, stores)
  }

  sink(name: string, topic: string, ...parents: readonly string[]): void {
    this.#add('sink', name, topic, parents)
  }

  global(source: string, processor: string, topic: string, store: string): void {
    this.#add('global-source', source, topic, [])
    this.#add('global-processor', processor, '', [source], [store])
  }

  text(): string {
    const subs = this.#groups().map((group, id) => `  ${this.#subText(id, group)}`)
    return `Topologies:\n ${subs.join('')}`
  }

  #add(
    kind: KafkaNode['kind'],
    name: string,
    topic: string,
    parents: readonly string[],
    stores: readonly string[] = [],
  ): void {
    this.#nodes.set(name, { kind, name, topic, parents, stores })
  }

  /** Sub-topologies in the order of their first nodes. */
  #groups(): readonly (readonly KafkaNode[])[] {
    const groups = new Map<string, Set<string>>()
    const unite = (a: string, b: string): void => {
      const all = new Set([...(groups.get(a) ?? [a]), ...(groups.get(b) ?? [b])])
      for (const member of all) groups.set(member, all)
    }
    for (const { name, parents, stores, kind } of this.#nodes.values()) {
      unite(name, name)
      for (const parent of parents) unite(parent, name)
      if (kind === 'processor') for (const store of stores) unite(`store ${store}`, name)
    }
    const nodes = [...this.#nodes.values()]
    const ordered = new Set(nodes.map(({ name }) => groups.get(name)!))
    return [...ordered].map((group) => nodes.filter(({ name }) => group.has(name)))
  }

  #subText(id: number, group: readonly KafkaNode[]): string {
    const lines = linkNodes(group)
      .map((node) => `    ${this.#nodeText(node)}\n`)
      .join('')
    return group.some(({ kind }) => kind === 'global-source')
      ? `Sub-topology: ${id} for global store (will not generate tasks)\n${lines}`
      : `Sub-topology: ${id}\n${lines}\n`
  }

  #nodeText({ name, parents, children }: Linked): string {
    const node = this.#nodes.get(name)!
    const below = `\n      --> ${children.join(', ') || 'none'}`
    const above = `\n      <-- ${parents.join(', ') || 'none'}`
    const stores = javaSetOrder(node.stores).join(', ')
    if (isSource(node)) return `Source: ${name} (topics: [${node.topic}])${below}`
    if (node.kind === 'sink') return `Sink: ${name} (topic: ${node.topic})${above}`
    return `Processor: ${name} (stores: [${stores}])${below}${above}`
  }
}

function isSource({ kind }: KafkaNode): boolean {
  return kind === 'source' || kind === 'global-source'
}
