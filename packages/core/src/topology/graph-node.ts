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
import type { Serde } from '../serde/serde.ts'
import type { RecordTime } from '../time/extractors.ts'

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

/**
 * `watermark` (default): event time less `outOfOrder`, the minimum over the splits, which an idle split does not hold back.
 * `streamTime`: Kafka Streams' rule: the highest time seen, by each node for itself.
 */
export type Clock = 'watermark' | 'streamTime'

interface Base {
  readonly name: string
  /** The name was made for people and may be numbered: it must lead to nothing that lives on. */
  readonly shownAs: string | undefined
  /** When it was added: sub-topologies are numbered, and children called, in this order. */
  readonly order: number
  readonly inputs: readonly GraphNode[]
  readonly params: Readonly<Record<string, string | number | boolean>>
  /** Undefined: the app's default. */
  readonly onError: OnError | undefined
}

export interface SourceNode extends Base {
  readonly kind: 'source'
  readonly source: Source<unknown, unknown>
  /** Rows with a null value are rows: of a table, or because the source says so. */
  readonly passesNulls: boolean
  /** A table: silent at the end of its log it holds nobody's T, as its rows are never late. */
  readonly table: boolean
  /** The clock of the nodes below it. */
  readonly clock: Clock
  /** Reads what this node writes: a repartition log. */
  readonly repartition: RepartitionNode | undefined
}
/** One row in, any number out, synchronously. */
export interface RowNode extends Base {
  readonly kind: 'row'
  /** The DSL verb: 'filter', 'mapValues', ... */
  readonly verb: string
  readonly changesKey: boolean
  /** False for flatMap and the user's own processors, which may make several rows of one: not in a source's prefix. */
  readonly atMostOne: boolean
  /** It keeps state, so its name leads to something that lives on. */
  readonly stateful: boolean
  /** Its stores, found again by name after a restart. Asked once the topology is complete: a table is kept if it is read. */
  readonly stores: () => readonly StoreSpec[]
  /** The tables it looks up: nodes of this stage, or global tables. */
  readonly reads: readonly GraphNode[]
  readonly make: () => Processor
}
/** Rows that a node sends beside its results: `late`. Its input is that node. */
export interface SideOutputNode extends Base {
  readonly kind: 'side-output'
  readonly output: string
}
/** Writes rows under their new key to a log of the app's own, which the source node of the same topic reads. */
export interface RepartitionNode extends Base {
  readonly kind: 'repartition'
  readonly topic: string
  readonly sink: Sink<unknown>
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Undefined: as many as the topics it is joined with have, else as its own sources. */
  readonly partitions: number | undefined
  /** Rows without a key are kept (and go to partition 0): a left or outer join behind wants them. Settles as nodes are added below. */
  readonly nullKeys: { kept: boolean }
  /**
   * False: rows bring no T, and nobody behind waits for it. Of a log that closes a circle, such as answers to those who asked: each
   * would wait for its own time.
   */
  readonly timed: boolean
}
/** A whole topic, kept by each worker: no part of a sub-topology, and no task. */
export interface GlobalNode extends Base {
  readonly kind: 'global'
  readonly source: Source<unknown, unknown>
}
export interface EventTimeNode extends Base {
  readonly kind: 'event-time'
  readonly time: (value: never, key: never, record: RecordTime) => number
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
  | SideOutputNode
  | RepartitionNode
  | GlobalNode

/** Sources, stateful and asynchronous nodes: those whose names lead to something that lives on. */
export function isAnchor(node: GraphNode): boolean {
  return (
    node.kind === 'source' ||
    node.kind === 'async' ||
    node.kind === 'global' ||
    node.kind === 'repartition' ||
    (node.kind === 'row' && node.stateful)
  )
}

export function storesOf(node: GraphNode): readonly StoreSpec[] {
  return node.kind === 'row' ? node.stores() : []
}

/** The tables it looks up. */
export function readsOf(node: GraphNode): readonly GraphNode[] {
  return node.kind === 'row' ? node.reads : []
}
