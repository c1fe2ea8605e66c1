/**
 * The one implementation behind KStream: a cursor on a frozen node. `any` ends here: the public interface carries the types,
 * the graph carries `unknown`.
 */
import type { StandardSchemaV1 } from '../serde/schema.ts'
import { MillraceError } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import { Filter } from '../processors/filter.ts'
import { FlatMap, FlatMapValues } from '../processors/flat-map.ts'
import { MapRow, MapValues, PartitionedKey, SelectKey } from '../processors/map.ts'
import { Peek } from '../processors/peek.ts'
import { Validate } from '../processors/validate.ts'
import type { AsyncOperator } from '../processors/async-node.ts'
import type { Processor } from '../processors/processor.ts'
import type { Sink } from '../sink.ts'
import { keyCodec } from '../serde/key-codec.ts'
import type { Serde } from '../serde/serde.ts'
import { derivedName } from '../topology/graph.ts'
import type { Graph, Naming } from '../topology/graph.ts'
import type { EventTimeNode, GraphNode } from '../topology/graph-node.ts'
import { addRow, cursorOf, holdCursor, nameFor, otherCursor } from './cursor.ts'
import type { Cursor, NewRow } from './cursor.ts'
import type {
  AsyncOptions,
  EventTimeOptions,
  KStream,
  KeyByOptions,
  NodeOptions,
  ProcessOptions,
  ValidateOptions,
} from './kstream.ts'
import type { GroupOptions, StreamJoinOptions, TableJoinOptions } from './kstream.ts'
import type { ToTableOptions } from './ktable.ts'
import { asyncBounds } from './async-bounds.ts'
import { GroupedHandle } from './grouped-handle.ts'
import { placed } from './placed.ts'
import { addProcessor } from './processed.ts'
import { joinStreams } from './stream-join.ts'
import { joinGlobal, joinTable, tableOf } from './table-handle.ts'
import type { JoinKind } from './table-handle.ts'

type Fn = (value: unknown, key: unknown) => unknown
type AnyStream = KStream<any, any>

type Joiner = (left: unknown, right: unknown, key: unknown) => unknown
type JoinOptions = StreamJoinOptions | TableJoinOptions

const keeps = { keepsValue: true }

export class StreamHandle {
  constructor(cursor: Cursor) {
    holdCursor(this, cursor)
  }

  pipe(...ops: ((stream: unknown) => unknown)[]): unknown {
    if (ops.length === 0 || ops.length > 10)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `pipe takes one to ten operators, not ${ops.length}: split it into two pipe(...) calls`,
      )
    return ops.reduce((stream, op) => op(stream), this as unknown)
  }

  validate(schema: StandardSchemaV1, options: ValidateOptions = {}): AnyStream {
    const onError =
      options.invalid === undefined ? options.onError : { deadLetter: options.invalid }
    return this.#row(
      'validate',
      { ...options, ...(onError === undefined ? {} : { onError }) },
      () => new Validate(schema),
    )
  }

  filter(keep: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('filter', options, () => new Filter(keep, true), keeps)
  }

  filterNot(drop: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('filterNot', options, () => new Filter(drop, false), keeps)
  }

  mapValues(map: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('mapValues', options, () => new MapValues(map))
  }

  map(map: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('map', options, () => new MapRow(map as never), { changesKey: true })
  }

  flatMapValues(expand: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('flatMapValues', options, () => new FlatMapValues(expand as never), {
      atMostOne: false,
    })
  }

  flatMap(expand: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('flatMap', options, () => new FlatMap(expand as never), {
      changesKey: true,
      atMostOne: false,
    })
  }

  keyBy(key: Fn, options: KeyByOptions<unknown> = {}): AnyStream {
    const cursor = cursorOf(this)
    const partitioned = options.partitioned === true
    // A topic that is split by this key holds it, in the form its source names.
    const serde = options.key ?? (partitioned ? cursor.key : undefined)
    const node = addRow(cursor.build, 'keyBy', options, {
      inputs: [cursor.node],
      make: partitioned
        ? () => new PartitionedKey(key, serde ?? keyCodec())
        : () => new SelectKey(key),
      changesKey: !partitioned,
    })
    return this.#at(node, { key: serde, rekeyed: cursor.rekeyed || !partitioned })
  }

  selectKey(key: Fn, options: KeyByOptions<unknown> = {}): AnyStream {
    return this.keyBy(key, options)
  }

  eventTime(time: EventTimeNode['time'], options: EventTimeOptions = {}): AnyStream {
    const ms = (name: 'outOfOrder' | 'idle' | 'future'): number | undefined =>
      options[name] === undefined ? undefined : durationMs(options[name], name)
    return this.#add(
      {
        kind: 'event-time',
        inputs: [this.#node],
        params: {},
        onError: options.onError,
        time,
        outOfOrderMs: ms('outOfOrder') ?? 0,
        idleMs: ms('idle'),
        futureMs: ms('future'),
      },
      this.#shown('eventTime', options),
    )
  }

  peek(look: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('peek', options, () => new Peek(look, false), keeps)
  }

  foreach(look: Fn, options: NodeOptions = {}): void {
    this.#row('foreach', options, () => new Peek(look, true))
  }

  print(options: NodeOptions & { label?: string } = {}): AnyStream {
    const { log } = cursorOf(this).build
    const label = options.label ?? this.#node.name
    return this.#row(
      'print',
      options,
      () =>
        new Peek(
          (value, key) =>
            log('info', `[${label}]: ${JSON.stringify(key)}, ${JSON.stringify(value)}`),
          false,
        ),
      keeps,
    )
  }

  merge(other: unknown, options: NodeOptions = {}): AnyStream {
    const right = otherCursor(cursorOf(this), other, 'merge', 'a stream')
    const inputs = [this.#node, right.node]
    return this.#add(
      { kind: 'merge', inputs, params: {}, onError: options.onError },
      options.name === undefined
        ? { shown: derivedName(inputs, 'merge') }
        : { given: options.name },
      { rekeyed: cursorOf(this).rekeyed || right.rekeyed },
    )
  }

  branch(
    branches: Readonly<Record<string, Fn>>,
    options: NodeOptions = {},
  ): Record<string, AnyStream> {
    const names = Object.keys(branches)
    if (names.includes('rest'))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `branch: 'rest' is the name of the rows that no predicate takes: call your branch something else`,
      )
    const node = this.#graph.add(
      {
        kind: 'branch',
        inputs: [this.#node],
        params: {},
        onError: options.onError,
        predicates: Object.values(branches),
      },
      this.#shown('branch', options),
    )
    const outputs = [...names, 'rest'].map((name, index) => {
      const output = this.#graph.add(
        { kind: 'branch-output', inputs: [node], params: {}, onError: undefined, index },
        { shown: `${node.name}.${name}` },
      )
      return [name, this.#at(output)] as const
    })
    return Object.freeze(Object.fromEntries(outputs))
  }

  split(
    branches: Readonly<Record<string, Fn>>,
    options: NodeOptions = {},
  ): Record<string, AnyStream> {
    return this.branch(branches, options)
  }

  process(make: () => Processor, options: ProcessOptions = {}): AnyStream {
    const node = addProcessor(cursorOf(this), 'process', make, options, false)
    return this.#at(node, { key: undefined, value: undefined, rekeyed: true })
  }

  processValues(make: () => Processor, options: ProcessOptions = {}): AnyStream {
    const node = addProcessor(cursorOf(this), 'processValues', make, options, true)
    return this.#at(node, { value: undefined })
  }

  groupByKey(options: GroupOptions = {}): unknown {
    return new GroupedHandle(this.#serdes(options), options)
  }

  groupBy(key: Fn, options: GroupOptions = {}): unknown {
    const { key: serde, name: _, ...rest } = options
    const keyed = this.keyBy(key, serde === undefined ? rest : { ...rest, key: serde })
    return new GroupedHandle(withSerdes(cursorOf(keyed), options), options)
  }

  repartition(options: GroupOptions = {}): AnyStream {
    const base = options.name ?? derivedName([this.#node], 'repartitioned')
    return new StreamHandle(placed(cursorOf(this), base, { ...options, always: true })) as never
  }

  toTable(options: ToTableOptions = {}): unknown {
    return tableOf(cursorOf(this), 'toTable', options)
  }

  join(other: unknown, join: Joiner, options: JoinOptions = {} as JoinOptions): AnyStream {
    return this.#join('join', other, join, options)
  }

  leftJoin(other: unknown, join: Joiner, options: JoinOptions = {} as JoinOptions): AnyStream {
    return this.#join('leftJoin', other, join, options)
  }

  outerJoin(other: unknown, join: Joiner, options: JoinOptions = {} as JoinOptions): AnyStream {
    return this.#join('outerJoin', other, join, options)
  }

  #join(kind: JoinKind, other: unknown, join: Joiner, options: JoinOptions): AnyStream {
    const left = cursorOf(this)
    const right = otherCursor(left, other, kind, 'a stream or a table')
    if (right.node.kind === 'global')
      return new StreamHandle(joinGlobal(left, right, kind, join, options as never)) as never
    if (right.table !== undefined)
      return new StreamHandle(joinTable(left, right, kind, join, options as never)) as never
    return new StreamHandle(joinStreams(left, right, kind, join, options as never)) as never
  }

  #serdes(options: GroupOptions): Cursor {
    return withSerdes(cursorOf(this), options)
  }

  mapValuesAsync(
    map: (value: unknown, key: unknown, call: never) => Promise<unknown>,
    options: AsyncOptions<never, never, unknown> = {},
  ): AnyStream {
    return this.#async(
      'mapValuesAsync',
      () => ({ call: (value, key, call) => map(value, key, call as never) }),
      options,
    )
  }

  async(
    make: () => AsyncOperator<unknown, unknown, unknown>,
    options: AsyncOptions<never, never, unknown> = {},
  ): AnyStream {
    return this.#async('async', make, options)
  }

  to(sink: Sink<never>, options: NodeOptions = {}): void {
    if ((sink as { kind?: unknown } | undefined)?.kind !== 'millrace.sink')
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `to(...) takes a sink, for example ndjson('out') or the .sink of an embedded topic`,
      )
    const name = `${sink.type}:${sink.target ?? 'per-record'}`
    this.#graph.add(
      { kind: 'sink', inputs: [this.#node], params: {}, onError: options.onError, sink },
      options.name === undefined ? { derived: legalise(name) } : { given: options.name },
    )
  }

  /** A row operator. Values it makes are of a serde that nobody has named; so are keys. */
  #row(
    verb: string,
    options: NodeOptions,
    make: () => Processor,
    more: Partial<NewRow> & { readonly keepsValue?: boolean; readonly key?: Serde<unknown> } = {},
  ): AnyStream {
    const cursor = cursorOf(this)
    const { changesKey = false, keepsValue = false } = more
    const node = addRow(cursor.build, verb, options, { ...more, inputs: [cursor.node], make })
    return this.#at(node, {
      key: more.key ?? (changesKey ? undefined : cursor.key),
      value: keepsValue ? cursor.value : undefined,
      rekeyed: cursor.rekeyed || changesKey,
    })
  }

  #async(
    verb: string,
    operator: () => AsyncOperator<unknown, unknown, unknown>,
    options: AsyncOptions<never, never, unknown>,
  ): AnyStream {
    const bounds = asyncBounds(options)
    return this.#add(
      {
        kind: 'async',
        inputs: [this.#node],
        params: { mode: bounds.mode },
        onError: options.onError,
        operator,
        bounds,
      },
      this.#derived(verb, options),
    )
  }

  /** For what lives on: the name must be unique by itself. */
  #derived(verb: string, options: NodeOptions): Naming {
    return nameFor([this.#node], verb, options, true)
  }

  #shown(verb: string, options: NodeOptions): Naming {
    return nameFor([this.#node], verb, options, false)
  }

  #add(
    node: Parameters<Graph['add']>[0],
    naming: Naming,
    more: Partial<Pick<Cursor, 'key' | 'value' | 'rekeyed'>> = {},
  ): AnyStream {
    return this.#at(this.#graph.add(node, naming), more)
  }

  /** A handle further down, with what has changed since here. */
  #at(node: GraphNode, more: Partial<Pick<Cursor, 'key' | 'value' | 'rekeyed'>> = {}): AnyStream {
    const { build, key, value, rekeyed } = cursorOf(this)
    return new StreamHandle({ build, node, key, value, rekeyed, ...more }) as never
  }

  get #graph(): Graph {
    return cursorOf(this).build.graph
  }

  get #node(): GraphNode {
    return cursorOf(this).node
  }
}

/** The serdes that the user names from here on. */
function withSerdes(cursor: Cursor, { key, value }: GroupOptions): Cursor {
  return { ...cursor, key: key ?? cursor.key, value: value ?? cursor.value }
}

/** Targets are free text (paths, addresses); node names are not. */
function legalise(text: string): string {
  const legal = text.replace(/[^\p{L}\p{N}_.:@+=-]+/gu, '-').replace(/^[^\p{L}\p{N}_]+/u, '')
  return legal.slice(-200)
}
