/**
 * createApp: the composition root. It wires defaults and hands out typed handles; it holds no logic of its own. Nothing is
 * opened before `run` or `start`, and adapters are reached by `import()` only.
 */
import { MillraceError, messageOf } from './errors.ts'
import { processHost } from './host.ts'
import { realEnv } from './env.ts'
import type { Env } from './env.ts'
import { fs } from './checkpoint/fs/index.ts'
import type { CheckpointSpec } from './checkpoint/spec.ts'
import type { KStream, NodeOptions } from './dsl/kstream.ts'
import { holdCursor } from './dsl/cursor.ts'
import type { GlobalKTable, KTable, ToTableOptions } from './dsl/ktable.ts'
import { StreamHandle } from './dsl/stream-handle.ts'
import { tableOf } from './dsl/table-handle.ts'
import { embeddedLogSpec } from './log/embedded/spec.ts'
import type { Source } from './log/source.ts'
import { durationMs } from './time/duration.ts'
import { memoryState } from './state/memory/index.ts'
import type { StateSpec } from './state/state.ts'
import { refuseDecidingDeadLetters } from './topology/compile.ts'
import { Graph } from './topology/graph.ts'
import type { Clock, OnError } from './topology/graph-node.ts'
import type { Build, Cursor } from './dsl/cursor.ts'
import type { Serde } from './serde/serde.ts'
import { Topology } from './topology/topology.ts'
import { Lifecycle } from './runtime/lifecycle.ts'
import type { AppState } from './runtime/lifecycle.ts'
import { Queries } from './runtime/queries.ts'
import type { QueryOptions, RecordKey, StoreQuery } from './runtime/queries.ts'
import { Worker, stopWithinDefault } from './runtime/worker.ts'
import type { NodeReport, RunOptions, WorkerReport } from './runtime/worker.ts'

export interface AppOptions {
  /** Names the app in checkpoints, groups and ids: two apps on one checkpoint must differ. */
  readonly id: string
  /** What is local to this machine: the embedded log, caches. Default: `.millrace/<id>`. */
  readonly dir?: string
  /** Where commits go. Default: the directory `checkpoint` in `dir`. */
  readonly checkpoint?: CheckpointSpec
  /** Where the state of tasks lives while they run. Default: memory; it is restored from the checkpoint at a start. */
  readonly state?: StateSpec
  /** What becomes of a row whose function threw, unless its node says otherwise. Default 'fail'. */
  readonly onError?: OnError
  /** The clock of windows, joins and timers. Default `watermark`; `streamTime` is Kafka Streams' rule. */
  readonly clock?: Clock
  /** Time, randomness, timers and logs; replaced in tests. */
  readonly env?: Env
}

/** One topology and its life: see docs/guides for what each state means. */
export class App {
  readonly id: string
  readonly onError: OnError
  readonly #options: AppOptions
  readonly #env: Env
  readonly #build: Build
  readonly #lifecycle: Lifecycle = new Lifecycle()
  #topology: Topology | undefined = undefined
  #worker: Worker | undefined = undefined

  constructor(options: AppOptions) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(options.id ?? '')) {
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `createApp: id is ${JSON.stringify(options.id)}: give letters, digits and _ . - only, at most 100, for example createApp({ id: 'fraud' })`,
      )
    }
    if (options.clock !== undefined && !['watermark', 'streamTime'].includes(options.clock))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `createApp: clock is ${JSON.stringify(options.clock)}: give 'watermark' or 'streamTime'`,
      )
    this.id = options.id
    this.onError = options.onError ?? 'fail'
    this.#options = options
    this.#env = options.env ?? realEnv()
    this.#build = {
      graph: new Graph(),
      log: this.#env.log,
      internal: (topic, options) => embeddedLogSpec().internal!(topic, options),
      clock: options.clock ?? 'watermark',
      stream: (cursor) => new StreamHandle(cursor),
    }
  }

  /** A stream of the rows of a source. Call it once per source; a handle may be used many times. */
  stream<K, V>(source: Source<K, V>, options: NodeOptions = {}): KStream<K, V> {
    const rows = new StreamHandle(this.#source(source, 'stream', options, source?.nulls === 'pass'))
    const { partitionedBy } = source as Source<unknown, never>
    if (partitionedBy === undefined) return rows as never
    return rows.keyBy((value) => partitionedBy(value as never), { partitioned: true }) as never
  }

  /** A table of the newest row of each key of a source. */
  table<K, V>(source: Source<K, V>, options: ToTableOptions = {}): KTable<K, V> {
    const { name, ...table } = options
    const rows = this.#source(source, 'table', name === undefined ? {} : { name }, true)
    return tableOf(rows, 'table', table) as never
  }

  /** A whole topic in every worker, for joins by any key; not timed with the streams. */
  globalTable<K, V>(source: Source<K, V>, options: NodeOptions = {}): GlobalKTable<K, V> {
    this.#mayAdd(source, 'globalTable')
    const node = this.#build.graph.add(
      { kind: 'global', inputs: [], params: {}, onError: options.onError, source },
      { given: options.name ?? source.name },
    )
    const handle = {}
    holdCursor(handle, {
      build: this.#build,
      node,
      key: serdeOf(source.key),
      value: serdeOf(source.value),
      rekeyed: false,
    })
    return handle as never
  }

  #mayAdd(source: unknown, verb: string): void {
    if (this.#topology !== undefined)
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `the topology is built already: call app.${verb}(...) before describe(), topology(), run() and start()`,
      )
    if ((source as { kind?: unknown } | undefined)?.kind !== 'millrace.source')
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `${verb}(...) takes a source, for example embedded('orders', { value: json() })`,
      )
  }

  #source<K, V>(
    source: Source<K, V>,
    verb: string,
    options: NodeOptions,
    passesNulls: boolean,
  ): Cursor {
    this.#mayAdd(source, verb)
    const node = this.#build.graph.add(
      {
        kind: 'source',
        inputs: [],
        params: {},
        onError: options.onError,
        source,
        passesNulls,
        table: verb === 'table',
        clock: this.#build.clock,
        repartition: undefined,
      },
      { given: options.name ?? source.name },
    )
    return {
      build: this.#build,
      node,
      key: serdeOf(source.key),
      value: serdeOf(source.value),
      rekeyed: false,
    }
  }

  /** Compiles the graph, or says what is wrong with it. After that no node can be added. */
  topology(): Topology {
    if (typeof this.onError === 'object') refuseDecidingDeadLetters(this.onError.deadLetter)
    return (this.#topology ??= new Topology(this.#build.graph.nodes))
  }

  describe(): string {
    return this.topology().describe()
  }

  get state(): AppState {
    return this.#lifecycle.state
  }

  /** Calls `listener` on each change of state. */
  onStateChange(listener: (state: AppState, from: AppState) => void): void {
    this.#lifecycle.onChange((state, from) => {
      try {
        listener(state, from)
      } catch (error) {
        this.#env.log(
          'error',
          `a listener of the app's state threw at ${state}: ${messageOf(error)}`,
        )
      }
    })
  }

  /** Starts, and resolves once tasks run. The process stays the caller's: stop with `close()`. */
  async start(options: RunOptions = {}): Promise<void> {
    const topology = this.topology()
    durationMs(options.stopWithin ?? stopWithinDefault, 'stopWithin')
    if (this.#worker !== undefined)
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `the app was started before and is ${this.state}: an app runs once, create a new one`,
      )
    this.#lifecycle.to('REBALANCING')
    this.#worker = new Worker({
      app: this.id,
      topology,
      onError: this.onError,
      env: this.#env,
      dir: this.#options.dir ?? `.millrace/${this.id}`,
      checkpoint:
        this.#options.checkpoint ?? fs(`${this.#options.dir ?? `.millrace/${this.id}`}/checkpoint`),
      state: this.#options.state ?? memoryState(),
      lifecycle: this.#lifecycle,
      ...options,
    })
    await this.#worker.start()
  }

  /** Runs until it is stopped (SIGTERM, SIGINT, `close()`), has failed, or what `until` names has come. */
  async run(options: RunOptions = {}): Promise<WorkerReport> {
    const release = processHost(this.#env).onStop(
      (signal) => {
        this.#env.log('info', `${signal}: finishing what is in flight, then a last commit`)
        void this.close()
      },
      durationMs(options.stopWithin ?? stopWithinDefault, 'stopWithin'),
    )
    try {
      await this.start(options)
      return await this.#worker!.finished()
    } finally {
      release()
    }
  }

  /** What it has done so far: rows, commits, counters per node. */
  report(): WorkerReport {
    if (this.#worker === undefined)
      throw new MillraceError('MILLRACE_LIFECYCLE', 'the app has not been started')
    return this.#worker.report()
  }

  /**
   * A store of the running app, by its name: of a `process`, a table (its `store`, else the name of its node), a windowed aggregate, or
   * a global table. It answers for the tasks of this worker. Values are what is committed, unless `committed: false`.
   */
  store<K = unknown, V = unknown>(name: string, options: QueryOptions = {}): StoreQuery<K, V> {
    if (this.#worker === undefined)
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `the store ${name} cannot be read: the app has not been started`,
      )
    return new Queries(this.#worker.queryHost, this.#env.timers, name, options)
  }

  /** Drains, commits, releases and resolves. Calling it again waits for the same stop. */
  async close(): Promise<void> {
    await this.#worker?.stop()
  }
}

/** What reads and writes may lie in stores and repartition logs, too. */
function serdeOf(codec: { decode: unknown; encode?: unknown }): Serde<unknown> | undefined {
  return codec.encode === undefined ? undefined : (codec as Serde<unknown>)
}

export function createApp(options: AppOptions): App {
  return new App(options)
}

export type { AppState, NodeReport, QueryOptions, RecordKey, RunOptions, StoreQuery, WorkerReport }
