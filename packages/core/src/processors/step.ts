/**
 * Step: what an operator that makes at most one row of a row does with it, as data: a kind and the user's function. A chain
 * runs it. All steps have one shape, whatever their kind, so that the chain's loop stays monomorphic.
 */
import type { Counters } from './counters.ts'
import type { Node } from './node.ts'

/** What the result of the function is: whether the row goes on, its value, its key, or nothing; `absorb` ends the row. */
export const stepKinds = { keep: 0, value: 1, key: 2, look: 3, absorb: 4 } as const
export type StepKind = (typeof stepKinds)[keyof typeof stepKinds]

export class Step {
  readonly kind: StepKind
  readonly call: (value: unknown, key: unknown) => unknown
  /** `keep`: a row goes on if the predicate answers this. */
  readonly sense: boolean
  /** No result has been tested for a promise yet. */
  first = true
  node!: Node
  counters!: Counters

  constructor(
    kind: StepKind,
    call: (value: unknown, key: unknown) => unknown,
    sense: boolean = true,
  ) {
    this.kind = kind
    this.call = call
    this.sense = sense
  }

  open(node: Node): void {
    this.node = node
    this.counters = node.counters
  }
}
