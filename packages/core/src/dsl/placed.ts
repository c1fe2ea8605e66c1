/**
 * Placed: rows of a key where that key's state is. A stream whose key was changed crosses a repartition log first, which cuts the
 * topology in two; any other stream is there already.
 */
import { keyCodec } from '../serde/key-codec.ts'
import { msgpack } from '../serde/msgpack.ts'
import type { InternalTopicOptions } from '../log/log.ts'
import type { Source } from '../log/source.ts'
import type { Serde } from '../serde/serde.ts'
import type { Sink } from '../sink.ts'
import type { GraphNode, SourceNode } from '../topology/graph-node.ts'
import type { Cursor } from './cursor.ts'
import type { NodeOptions } from './kstream.ts'

export interface PlaceOptions extends Pick<NodeOptions, 'onError'> {
  readonly key?: Serde<any> | undefined
  readonly value?: Serde<any> | undefined
  readonly partitions?: number | undefined
  /** A left or outer join behind it wants rows without a key, too. */
  readonly keepsNullKeys?: boolean
  /** Crosses a log even where it need not. */
  readonly always?: boolean
  /** The rows that it meets behind the log, whose log system and clock it takes. Default: those that it comes from. */
  readonly meets?: Cursor
  /** False: its rows hold no T behind the log. */
  readonly timed?: boolean
}

/** `base` names the log: `<base>-repartition`. */
export function placed(cursor: Cursor, base: string, options: PlaceOptions = {}): Cursor {
  const key = (options.key as Serde<unknown> | undefined) ?? cursor.key ?? keyCodec<any>()
  const value = (options.value as Serde<unknown> | undefined) ?? cursor.value ?? msgpack()
  if (!cursor.rekeyed && options.always !== true) {
    if (options.keepsNullKeys === true) keepNullKeysAbove(cursor.node)
    return { ...cursor, key, value }
  }
  const { build } = cursor
  // What every log takes for a topic's name.
  const topic = `${base.replaceAll(/[^A-Za-z0-9._-]/g, '-')}-repartition`
  const place = options.meets ?? cursor
  const { source, sink } = internalTopic(place, topic, {
    key,
    value,
    partitions: options.partitions,
  })
  const out = build.graph.add(
    {
      kind: 'repartition',
      inputs: [cursor.node],
      params: {},
      onError: options.onError,
      topic,
      sink,
      key,
      value,
      partitions: options.partitions,
      nullKeys: { kept: options.keepsNullKeys ?? false },
      timed: options.timed ?? true,
    },
    { derived: `${topic}-out` },
  )
  const node = build.graph.add(
    {
      kind: 'source',
      inputs: [],
      params: {},
      onError: options.onError,
      source,
      passesNulls: true,
      table: false,
      clock: sourceOf(place.node).clock,
      repartition: out as Extract<GraphNode, { kind: 'repartition' }>,
    },
    { derived: topic },
  )
  return { build, node, key, value, rekeyed: false }
}

/** In the log of the rows there, if it takes topics of ours, else in the app's own. */
function internalTopic(
  cursor: Cursor,
  topic: string,
  options: InternalTopicOptions,
): { readonly source: Source<unknown, unknown>; readonly sink: Sink<unknown> } {
  const { log } = sourceOf(cursor.node).source
  const made = log.internal?.(topic, options) ?? cursor.build.internal(topic, options)
  return { source: made.source, sink: made.sink as Sink<unknown> }
}

/** The repartition logs that the rows have crossed last. */
export function keepNullKeysAbove(node: GraphNode): void {
  if (node.kind !== 'source') node.inputs.forEach(keepNullKeysAbove)
  else if (node.repartition !== undefined) node.repartition.nullKeys.kept = true
}

function sourceOf(node: GraphNode): SourceNode {
  return node.kind === 'source' ? node : sourceOf(node.inputs[0]!)
}
