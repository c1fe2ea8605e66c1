/**
 * The one implementation behind KStream: a cursor on a frozen node. `any` ends here: the public interface carries the types,
 * the graph carries `unknown`.
 */
import type { StandardSchemaV1 } from '../serde/schema.ts'
import { MillraceError } from '../errors.ts'
import type { LogFn } from '../env.ts'
import { durationMs } from '../time/duration.ts'
import { Custom } from '../processors/custom.ts'
import { Filter } from '../processors/filter.ts'
import { FlatMap, FlatMapValues } from '../processors/flat-map.ts'
import { MapRow, MapValues, SelectKey } from '../processors/map.ts'
import { Peek } from '../processors/peek.ts'
import { Validate } from '../processors/validate.ts'
import type { AsyncOperator } from '../processors/async-node.ts'
import type { Processor } from '../processors/processor.ts'
import type { Sink } from '../sink.ts'
import type { StoreSpec } from '../state/store.ts'
import { derivedName } from '../topology/graph.ts'
import type { Graph, Naming } from '../topology/graph.ts'
import type { GraphNode, RowNode } from '../topology/graph-node.ts'
import type {
  AsyncOptions,
  EventTimeOptions,
  KStream,
  KeyByOptions,
  NodeOptions,
  ProcessOptions,
  ValidateOptions,
} from './kstream.ts'
import { asyncBounds } from './async-bounds.ts'

type Fn = (value: unknown, key: unknown) => unknown
type AnyStream = KStream<any, any>

const brand: symbol = Symbol.for('millrace.kstream')

/** What a handle needs of its app. */
export interface Build {
  readonly graph: Graph
  readonly log: LogFn
}

export class StreamHandle {
  readonly #build: Build
  readonly #node: GraphNode

  constructor(build: Build, node: GraphNode) {
    this.#build = build
    this.#node = node
    Object.defineProperty(this, brand, { value: true })
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
    return this.#row('filter', options, () => new Filter(keep, true))
  }

  filterNot(drop: Fn, options: NodeOptions = {}): AnyStream {
    return this.#row('filterNot', options, () => new Filter(drop, false))
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
    return this.#row('keyBy', options, () => new SelectKey(key), {
      changesKey: options.partitioned !== true,
    })
  }

  selectKey(key: Fn, options: KeyByOptions<unknown> = {}): AnyStream {
    return this.keyBy(key, options)
  }

  eventTime(time: (value: never, key: never) => number, options: EventTimeOptions = {}): AnyStream {
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
    return this.#row('peek', options, () => new Peek(look, false))
  }

  foreach(look: Fn, options: NodeOptions = {}): void {
    this.#row('foreach', options, () => new Peek(look, true))
  }

  print(options: NodeOptions & { label?: string } = {}): AnyStream {
    const { log } = this.#build
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
    )
  }

  merge(other: unknown, options: NodeOptions = {}): AnyStream {
    const inputs = [this.#node, this.#sameApp(other, 'merge')]
    return this.#add(
      { kind: 'merge', inputs, params: {}, onError: options.onError },
      options.name === undefined
        ? { shown: derivedName(inputs, 'merge') }
        : { given: options.name },
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
    const node = this.#build.graph.add(
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
      const output = this.#build.graph.add(
        { kind: 'branch-output', inputs: [node], params: {}, onError: undefined, index },
        { shown: `${node.name}.${name}` },
      )
      return [name, new StreamHandle(this.#build, output) as never] as const
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
    return this.#row('process', options, () => new Custom(make(), false), {
      changesKey: true,
      atMostOne: false,
      stores: options.stores ?? [],
    })
  }

  processValues(make: () => Processor, options: ProcessOptions = {}): AnyStream {
    return this.#row('processValues', options, () => new Custom(make(), true), {
      atMostOne: false,
      stores: options.stores ?? [],
    })
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
    this.#build.graph.add(
      { kind: 'sink', inputs: [this.#node], params: {}, onError: options.onError, sink },
      options.name === undefined ? { derived: legalise(name) } : { given: options.name },
    )
  }

  #row(
    verb: string,
    options: NodeOptions,
    make: () => Processor,
    more: { changesKey?: boolean; atMostOne?: boolean; stores?: readonly StoreSpec[] } = {},
  ): AnyStream {
    const node: Omit<RowNode, 'name' | 'shownAs'> = {
      kind: 'row',
      verb,
      inputs: [this.#node],
      params: {},
      onError: options.onError,
      changesKey: more.changesKey ?? false,
      atMostOne: more.atMostOne ?? true,
      stores: Object.freeze([...(more.stores ?? [])]),
      make,
    }
    return this.#add(
      node,
      node.stores.length > 0 ? this.#derived(verb, options) : this.#shown(verb, options),
    )
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
    return options.name === undefined
      ? { derived: derivedName([this.#node], verb) }
      : { given: options.name }
  }

  #add(node: Parameters<Graph['add']>[0], naming: Naming): AnyStream {
    return new StreamHandle(this.#build, this.#build.graph.add(node, naming)) as never
  }

  #shown(verb: string, options: NodeOptions): Naming {
    return options.name === undefined
      ? { shown: derivedName([this.#node], verb) }
      : { given: options.name }
  }

  #sameApp(other: unknown, verb: string): GraphNode {
    if (typeof other !== 'object' || other === null || !(brand in other))
      throw new MillraceError('MILLRACE_CONFIG', `${verb}(...) takes a stream of the same app`)
    if (!(#node in other))
      throw new MillraceError(
        'MILLRACE_TWO_COPIES',
        `${verb}(...) got a stream of another copy of @millrace/core: run npm ls @millrace/core and keep one`,
      )
    if (other.#build.graph !== this.#build.graph)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `${verb}(...) got a stream of another app: both sides must come from one createApp(...)`,
      )
    return other.#node
  }
}

/** Targets are free text (paths, addresses); node names are not. */
function legalise(text: string): string {
  const legal = text.replace(/[^\p{L}\p{N}_.:@+=-]+/gu, '-').replace(/^[^\p{L}\p{N}_]+/u, '')
  return legal.slice(-200)
}
