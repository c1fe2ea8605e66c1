/**
 * Graph: the growing list of a topology's nodes. It gives names, refuses two things under one name, and freezes each
 * node. Build order is kept: it is the order of children below a fork and of sub-topologies in `describe()`.
 */
import { MillraceError } from '../errors.ts'
import type { GraphNode } from './graph-node.ts'
import { isAnchor } from './graph-node.ts'

const legalName = /^[\p{L}\p{N}_][\p{L}\p{N}_.:@+=-]{0,199}$/u

/** Names that lead to paths, ids and state must be unique by themselves; display names are numbered. */
export type Naming =
  | { readonly given: string }
  /** Derived from kind and inputs; taken = an error that asks for a name. */
  | { readonly derived: string }
  /** For people only; taken = numbered. */
  | { readonly shown: string }

type Unnamed<N> = N extends GraphNode ? Omit<N, 'name' | 'shownAs' | 'order'> : never

export class Graph {
  readonly #nodes: GraphNode[] = []
  readonly #names: Map<string, GraphNode> = new Map()

  get nodes(): readonly GraphNode[] {
    return this.#nodes
  }

  add(node: Unnamed<GraphNode>, naming: Naming): GraphNode {
    const name = this.#claim(naming, node.kind)
    const frozen = Object.freeze({
      ...node,
      name,
      order: this.#nodes.length,
      shownAs: 'shown' in naming ? naming.shown : undefined,
      inputs: Object.freeze([...node.inputs]),
      params: Object.freeze({ ...node.params }),
    }) as GraphNode
    this.#nodes.push(frozen)
    this.#names.set(name, frozen)
    return frozen
  }

  #claim(naming: Naming, kind: string): string {
    if ('given' in naming) {
      if (!legalName.test(naming.given)) {
        throw new MillraceError(
          'MILLRACE_CONFIG',
          `the name ${JSON.stringify(naming.given)} is not usable: letters, digits and _ . : @ + = - only, at most 200, starting with a letter, a digit or _`,
        )
      }
      this.#refuseTaken(naming.given, kind, 'choose another { name }')
      return naming.given
    }
    if ('derived' in naming) {
      this.#refuseTaken(naming.derived, kind, `give one of them a name of its own: { name: '...' }`)
      return naming.derived
    }
    let name = naming.shown
    for (let n = 2; this.#names.has(name); n++) name = `${naming.shown}-${n}`
    return name
  }

  #refuseTaken(name: string, kind: string, remedy: string): void {
    const taken = this.#names.get(name)
    if (taken !== undefined) {
      throw new MillraceError(
        'MILLRACE_DUPLICATE_NAME',
        `a ${taken.kind} node is called ${JSON.stringify(name)} already, so this ${kind} node cannot be: ${remedy}. Names are what state and outputs are found by after a restart`,
      )
    }
  }
}

/** `orders.filter`: the kind behind the nearest named nodes above, whatever stateless steps lie in between. */
export function derivedName(inputs: readonly GraphNode[], verb: string): string {
  const anchors: string[] = []
  const visit = (node: GraphNode): void => {
    if (isAnchor(node)) {
      if (!anchors.includes(node.name)) anchors.push(node.name)
    } else {
      node.inputs.forEach(visit)
    }
  }
  inputs.forEach(visit)
  return `${anchors.join('+')}.${verb}`
}
