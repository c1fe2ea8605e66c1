/**
 * A copy of a value, for when somebody may change the original: an old value that is told below, a window made from its neighbour,
 * what a table keeps. What the store's serde gives back is the copy, as it would be behind a restart; primitives need none.
 */
import type { Node } from './node.ts'
import type { Serde } from '../serde/serde.ts'

/**
 * What an aggregator is given: the aggregate itself, which it may change; a copy where rows go on behind one that throws, so that a
 * skipped row leaves nothing behind even if it threw in the middle of a change.
 */
export function givenTo(node: Node, aggregate: unknown, serde: Serde<unknown>): unknown {
  return node.survivesErrors ? copyOf(aggregate, serde) : aggregate
}

export function copyOf(aggregate: unknown, serde: Serde<unknown>): unknown {
  if (typeof aggregate !== 'object' || aggregate === null) return aggregate
  const bytes = serde.encode(aggregate)
  // A serde of bytes gives the object itself.
  return serde.decode((bytes as unknown) === aggregate ? bytes.slice() : bytes)
}
