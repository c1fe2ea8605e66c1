/**
 * In which order Kafka Streams shows the nodes of a sub-topology, and the neighbours of each: the larger first, then by name. Size is
 * what hangs below a node, itself included, once a path. Neighbours stand in the order that their sizes had when they were linked, and
 * it links nodes in the order of a Java set; a node that was linked to a child early may stand before a larger one.
 */
import { javaSetOrder } from './java-set.ts'

export interface Linkable {
  readonly name: string
  readonly parents: readonly string[]
}

export interface Linked {
  readonly name: string
  readonly parents: readonly string[]
  readonly children: readonly string[]
}

/** Of one sub-topology, in the order in which it shows them; given in the order in which they were made. */
export function linkNodes(nodes: readonly Linkable[]): readonly Linked[] {
  const links = new Links(nodes)
  for (const name of javaSetOrder(nodes.map((node) => node.name))) links.link(name)
  return links.all()
}

class Links {
  readonly #parents: ReadonlyMap<string, readonly string[]>
  readonly #size: Map<string, number> = new Map()
  readonly #above: Map<string, string[]> = new Map()
  readonly #below: Map<string, string[]> = new Map()

  constructor(nodes: readonly Linkable[]) {
    this.#parents = new Map(nodes.map(({ name, parents }) => [name, parents]))
    for (const { name } of nodes) {
      this.#size.set(name, 1)
      this.#above.set(name, [])
      this.#below.set(name, [])
    }
  }

  link(name: string): void {
    for (const parent of this.#parents.get(name)!) {
      this.#insert(this.#above.get(name)!, parent)
      this.#insert(this.#below.get(parent)!, name)
      this.#grow(parent, this.#size.get(name)!)
    }
  }

  all(): readonly Linked[] {
    const names: string[] = []
    for (const name of this.#parents.keys()) this.#insert(names, name)
    return names.map((name) => ({
      name,
      parents: this.#above.get(name)!,
      children: this.#below.get(name)!,
    }))
  }

  #grow(name: string, by: number): void {
    this.#size.set(name, this.#size.get(name)! + by)
    for (const parent of this.#above.get(name)!) this.#grow(parent, by)
  }

  #insert(into: string[], name: string): void {
    if (into.includes(name)) return
    const at = into.findIndex((other) => this.#before(name, other))
    into.splice(at < 0 ? into.length : at, 0, name)
  }

  #before(a: string, b: string): boolean {
    const difference = this.#size.get(b)! - this.#size.get(a)!
    return difference === 0 ? a < b : difference < 0
  }
}
