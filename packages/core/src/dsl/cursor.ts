/**
 * Cursor: what every handle holds: its app's graph, one frozen node, and the serdes that rows have there. Handles give it up to each
 * other here only; a handle of another app, or of another copy of this package, is refused with the reason.
 */
import { MillraceError } from '../errors.ts'
import type { LogFn } from '../env.ts'
import type { LogSpec } from '../log/log.ts'
import type { Processor } from '../processors/processor.ts'
import type { TableFacts } from '../processors/table-facts.ts'
import type { Serde } from '../serde/serde.ts'
import type { StoreSpec } from '../state/store.ts'
import { derivedName } from '../topology/graph.ts'
import type { Graph, Naming } from '../topology/graph.ts'
import type { Clock, GraphNode, OnError } from '../topology/graph-node.ts'

/** What a handle needs of its app. */
export interface Build {
  readonly graph: Graph
  readonly log: LogFn
  /** A repartition log for rows whose own log takes none. */
  readonly internal: NonNullable<LogSpec['internal']>
  readonly clock: Clock
  /** A stream's handle, for those that stream-handle.ts imports and that cannot import it. */
  readonly stream: (cursor: Cursor) => object
}

export interface Cursor {
  readonly build: Build
  readonly node: GraphNode
  /** Serdes of the rows there, as far as anybody said. */
  readonly key: Serde<unknown> | undefined
  readonly value: Serde<unknown> | undefined
  /** The key was changed since rows were last placed by it: state behind it needs a repartition. */
  readonly rekeyed: boolean
  /** Of a table. */
  readonly table?: TableFacts
}

/** Known to this copy of the package alone, and the brand to all. */
const held: unique symbol = Symbol('millrace.cursor')
const brand: symbol = Symbol.for('millrace.handle')

export function holdCursor(handle: object, cursor: Cursor): void {
  Object.defineProperty(handle, held, { value: cursor })
  Object.defineProperty(handle, brand, { value: true })
}

export function cursorOf(handle: object): Cursor {
  return (handle as { [held]: Cursor })[held]
}

/** The cursor of what a user handed over. `what` for people: 'a stream', 'a table'. */
export function otherCursor(own: Cursor, other: unknown, verb: string, what: string): Cursor {
  if (typeof other !== 'object' || other === null || !(brand in other))
    throw new MillraceError('MILLRACE_CONFIG', `${verb}(...) takes ${what} of the same app`)
  const cursor = (other as { [held]?: Cursor })[held]
  if (cursor === undefined)
    throw new MillraceError(
      'MILLRACE_TWO_COPIES',
      `${verb}(...) got ${what} of another copy of @millrace/core: run npm ls @millrace/core and keep one`,
    )
  if (cursor.build.graph !== own.build.graph)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb}(...) got ${what} of another app: both sides must come from one createApp(...)`,
    )
  return cursor
}

export interface NewRow {
  readonly inputs: readonly GraphNode[]
  readonly make: () => Processor
  readonly changesKey?: boolean
  readonly atMostOne?: boolean
  /** Its name leads to state: derived, never numbered. */
  readonly stateful?: boolean
  /** Its derived name, where its inputs do not tell: they were placed under it. */
  readonly derived?: string
  /** Must give the same specs each time. */
  readonly stores?: () => readonly StoreSpec[]
  readonly reads?: readonly GraphNode[]
  /** What a checkpoint must agree with, beside the stores. */
  readonly params?: Readonly<Record<string, string | number | boolean>>
}

/** Adds a node of a synchronous operator. */
export function addRow(
  { graph }: Build,
  verb: string,
  options: { readonly name?: string; readonly onError?: OnError },
  row: NewRow,
): GraphNode {
  const stateful = row.stateful ?? false
  return graph.add(
    {
      kind: 'row',
      verb,
      inputs: row.inputs,
      params: row.params ?? {},
      onError: options.onError,
      changesKey: row.changesKey ?? false,
      atMostOne: row.atMostOne ?? true,
      stateful,
      stores: row.stores ?? noStores,
      reads: Object.freeze([...(row.reads ?? [])]),
      make: row.make,
    },
    options.name === undefined && row.derived !== undefined
      ? { derived: row.derived }
      : nameFor(row.inputs, verb, options, stateful),
  )
}

/** What the user gave, else a name from kind and inputs: unique by itself where it leads to something that lives on. */
export function nameFor(
  inputs: readonly GraphNode[],
  verb: string,
  options: { readonly name?: string },
  livesOn: boolean,
): Naming {
  if (options.name !== undefined) return { given: options.name }
  const derived = derivedName(inputs, verb)
  return livesOn ? { derived } : { shown: derived }
}

const noStores = (): readonly StoreSpec[] => []
