/**
 * Graph nodes: frozen plain data that the DSL adds and the engine reads. No runtime object, client or store hangs on a
 * node; user functions do, by reference, behind `make`. `params` are what the fingerprint sees of a node.
 *
 * Names (law 11). Sources and sinks are named by what they read or write, stateful and asynchronous nodes by their kind
 * and the nearest named nodes above them, never by a counter: inserting a `filter` renames nothing that matters. Two such
 * nodes with one name are an error that asks for `{ name }`. Stateless nodes get a display name that may be numbered.
 */
import type { AsyncBounds, AsyncOperator } from '../processors/async-node.ts'
import type { Processor } from '../processors/processor.ts'
import type { Source } from '../log/source.ts'
import type { StoreSpec } from '../state/store.ts'
import type { Sink } from '../sink.ts'

/** What a person on call would want to know about a failed row. */
export interface Rejected {
  readonly error: string
  readonly code: string
  readonly node: string
  readonly task: string
  readonly time: number | undefined
  readonly key: unknown
  readonly source: string | undefined
  readonly split: string | undefined
  readonly position: string | undefined
  /** The source bytes of the row, as they were read. */
  readonly bytes: Uint8Array | undefined
}

/** What becomes of a row whose function threw: the task stops before it, it is skipped, or written to a sink. */
export type OnError = 'fail' | 'skip' | { readonly deadLetter: Sink<Rejected> }

interface Base {
  readonly name: string
  /** The name was made for people and may be numbered: it must lead to nothing that lives on. */
  readonly shownAs: string | undefined
  readonly inputs: readonly GraphNode[]
  readonly params: Readonly<Record<string, string | number | boolean>>
  /** Undefined: the app's default. */
  readonly onError: OnError | undefined
}

export interface SourceNode extends Base {
  readonly kind: 'source'
  readonly source: Source<unknown, unknown>
}
/** One row in, any number out, synchronously. */
export interface RowNode extends Base {
  readonly kind: 'row'
  /** The DSL verb: 'filter', 'mapValues', ... */
  readonly verb: string
  readonly changesKey: boolean
  /** False for flatMap and the user's own processors, which may make several rows of one: not in a source's prefix. */
  readonly atMostOne: boolean
  /** Its state: found again by name after a restart. */
  readonly stores: readonly StoreSpec[]
  readonly make: () => Processor
}
export interface EventTimeNode extends Base {
  readonly kind: 'event-time'
  readonly time: (value: never, key: never) => number
  readonly outOfOrderMs: number
  readonly idleMs: number | undefined
  readonly futureMs: number | undefined
}
export interface BranchNode extends Base {
  readonly kind: 'branch'
  readonly predicates: readonly ((value: unknown, key: unknown) => unknown)[]
}
export interface BranchOutputNode extends Base {
  readonly kind: 'branch-output'
  readonly index: number
}
export interface MergeNode extends Base {
  readonly kind: 'merge'
}
export interface AsyncGraphNode extends Base {
  readonly kind: 'async'
  readonly operator: () => AsyncOperator<unknown, unknown, unknown>
  readonly bounds: AsyncBounds
}
export interface SinkGraphNode extends Base {
  readonly kind: 'sink'
  readonly sink: Sink<never>
}

export type GraphNode =
  | SourceNode
  | RowNode
  | EventTimeNode
  | BranchNode
  | BranchOutputNode
  | MergeNode
  | AsyncGraphNode
  | SinkGraphNode

/** Sources, stateful and asynchronous nodes: those whose names lead to something that lives on. */
export function isAnchor(node: GraphNode): boolean {
  return node.kind === 'source' || node.kind === 'async' || storesOf(node).length > 0
}

export function storesOf(node: GraphNode): readonly StoreSpec[] {
  return node.kind === 'row' ? node.stores : []
}
