/**
 * Wiring: builds the runtime graph of one task from the compiled one: processors, nodes, forks, stage queues and crossings.
 * The one place where types end: a graph node knows its value type, a receiver does not.
 */
import { Chain } from '../processors/chain.ts'
import { RowOperator } from '../processors/row-operator.ts'
import type { Step } from '../processors/step.ts'
import { Branch } from '../processors/branch.ts'
import { AsyncNode } from '../processors/async-node.ts'
import { EventTime } from '../processors/event-time.ts'
import { Node, receiverOf, sliceRowsMax } from '../processors/node.ts'
import { Pass } from '../processors/pass.ts'
import type { Placement } from '../processors/placement.ts'
import type { Processor, Receiver, TableReader } from '../processors/processor.ts'
import { Row } from '../processors/row.ts'
import { Repartition } from '../processors/repartition.ts'
import type { MarkerIdentity } from '../processors/repartition.ts'
import { SinkNode } from '../processors/sink-node.ts'
import { assert, unreachable } from '../assert.ts'
import { MillraceError } from '../errors.ts'
import type { MarkingPort, Sink, SinkPort } from '../sink.ts'
import type { GraphNode, OnError } from '../topology/graph-node.ts'
import type { TaskState } from '../state/state.ts'
import type { StoreSpec } from '../state/store.ts'
import type { StoreTimes } from '../state/stored-rows.ts'
import type { SubTopology } from '../topology/compile.ts'
import { readsOf, storesOf } from '../topology/graph-node.ts'
import type { RecordTime } from '../time/extractors.ts'
import type { Calls } from './calls.ts'
import type { Failures, Policy } from './failures.ts'
import { Prefix } from './prefix.ts'
import { Stage } from './stage.ts'
import type { StageNode } from './stage.ts'
import { Crossing, StageQueue } from './stage-queue.ts'

/** Ports of a task's sinks by the name of their node; dead-letter sinks by the name `deadLetterName` gives. */
export type SinkPorts = ReadonlyMap<string, SinkPort>

export interface Wired {
  readonly stages: readonly Stage[]
  readonly prefixes: ReadonlyMap<string, Prefix>
  /** Where a row enters the first stage, by topic. */
  readonly entries: ReadonlyMap<string, Receiver>
  readonly nodes: ReadonlyMap<string, Node>
  readonly sinks: ReadonlyMap<string, Fillable>
  /** What time it is for each store. */
  readonly times: ReadonlyMap<string, StoreTimes>
  /** Async nodes and crossings by name: where rows in flight come back to after a restore. */
  readonly inFlight: ReadonlyMap<
    string,
    { readonly from: AsyncNode | Crossing; readonly queue: StageQueue }
  >
}

/** A node that writes to a port. */
export interface Fillable {
  full: boolean
  /** It has something to tell that no row shows. */
  readonly changed?: boolean
}

export interface WiringContext {
  readonly placement: Placement | undefined
  readonly identity: MarkerIdentity
  /** A node's slice is no larger. */
  readonly drainRows: number
  /** No input of the task is active. */
  readonly idle: () => boolean
  readonly clock: { now: number }
  readonly failures: Failures
  readonly calls: Calls
  readonly nextSeq: () => number
  readonly ports: SinkPorts
  readonly onError: OnError
  readonly state: TaskState | undefined
  /** Global tables, by the name of their node. */
  readonly globals: ReadonlyMap<string, TableReader>
}

export function wire(part: SubTopology, ctx: WiringContext): Wired {
  return new Wiring(part, ctx).build()
}

class Wiring {
  readonly #part: SubTopology
  readonly #ctx: WiringContext
  readonly #stages: readonly Stage[]
  /** The nodes that run before splits are merged, with the row of their source. */
  readonly #prefixRows: Map<GraphNode, Row> = new Map()
  readonly #built: Map<GraphNode, { node: Node; processor: Processor }> = new Map()
  readonly #sinks: Map<string, Fillable & Receiver> = new Map()
  readonly #inFlight: Map<string, { from: AsyncNode | Crossing; queue: StageQueue }> = new Map()
  readonly #crossings: Map<string, Crossing> = new Map()
  readonly #stores: Map<string, unknown> = new Map()
  readonly #times: Map<string, StoreTimes> = new Map()

  constructor(part: SubTopology, ctx: WiringContext) {
    this.#part = part
    this.#ctx = ctx
    this.#stages = Array.from(
      { length: part.stages },
      (_, i) =>
        new Stage(
          i === 0 ? undefined : new StageQueue(ctx.calls, ctx.nextSeq),
          () => ctx.state?.starved === true,
        ),
    )
  }

  build(): Wired {
    const { nodes } = this.#part
    for (const { source, nodes: steps } of this.#part.prefixes) {
      const row = new Row()
      for (const graphNode of [source, ...steps]) this.#prefixRows.set(graphNode, row)
    }
    for (const graphNode of nodes) this.#create(graphNode)
    for (const graphNode of nodes) this.#connect(graphNode)
    const prefixes = new Map<string, Prefix>()
    const entries = new Map<string, Receiver>()
    for (const { source, nodes: steps } of this.#part.prefixes) {
      const { node } = this.#built.get(source)!
      const prefix = new Prefix(node, source.source, source.passesNulls)
      const last = steps.at(-1)
      const timing = last === undefined ? undefined : this.#built.get(last)!.processor
      if (timing instanceof EventTime) prefix.eventTime = timing
      entries.set(
        source.source.topic,
        (last === undefined ? node : this.#built.get(last)!.node).next,
      )
      steps.forEach((step, i) => {
        const built = this.#built.get(step)!
        if (i === 0) prefix.first = built.processor as Receiver
        built.node.next =
          i + 1 < steps.length ? (this.#built.get(steps[i + 1]!)!.processor as Receiver) : prefix
      })
      prefixes.set(source.source.topic, prefix)
    }
    this.#placeNodes()
    return {
      stages: this.#stages,
      prefixes,
      entries,
      nodes: new Map([...this.#built.values()].map(({ node }) => [node.name, node])),
      sinks: this.#sinks,
      times: this.#times,
      inFlight: this.#inFlight,
    }
  }

  #create(graphNode: GraphNode): void {
    // A node of a prefix has the row of its source, an async node that of the stage which its answers enter.
    const stage = this.#part.stageOf.get(graphNode)! + (graphNode.kind === 'async' ? 1 : 0)
    const row = this.#prefixRows.get(graphNode) ?? this.#stages[stage]!.row
    const node = new Node(
      graphNode.name,
      row,
      this.#ctx.clock,
      this.#ctx.failures,
      this.#part.clock === 'streamTime',
    )
    this.#ctx.failures.setPolicy(
      node,
      this.#policyOf(graphNode.onError ?? this.#ctx.onError, stage),
      this.#prefixRows.has(graphNode),
    )
    node.placement = this.#ctx.placement
    node.byWall = this.#stages[stage]!.byWall
    if (node.usesStreamTime) node.byEvent = this.#stages[stage]!.byEvent
    node.sliceRows = Math.min(sliceRowsMax, this.#ctx.drainRows)
    const processor = this.#processorOf(graphNode)
    node.stores = new Map(storesOf(graphNode).map((spec) => [spec.name, this.#storeOf(spec, node)]))
    node.tables = readsOf(graphNode).map((table) => this.#tableOf(table, graphNode))
    processor.open(node)
    if (processor instanceof AsyncNode) {
      const queue = this.#stages[stage]!.queue!
      processor.queue = queue
      this.#inFlight.set(graphNode.name, { from: processor, queue })
    }
    if (processor instanceof SinkNode || processor instanceof Repartition)
      this.#sinks.set(graphNode.name, processor)
    this.#built.set(graphNode, { node, processor })
  }

  /** Nodes that declare the same spec share the store. */
  #storeOf(spec: StoreSpec, node: Node): unknown {
    if (!this.#stores.has(spec.name)) {
      const { state, clock } = this.#ctx
      const { row, usesStreamTime } = node
      assert(state !== undefined, 'a task with stores is given a state')
      const writeTime = (): number => Math.max(row.watermark, row.entered)
      const eventTime = (): number => (usesStreamTime ? writeTime() : row.watermark)
      const clocks = { eventTime, writeTime, now: () => clock.now }
      const operatorTime = (): number => node.time
      this.#times.set(spec.name, { operatorTime, eventTime, now: clocks.now, usesStreamTime })
      this.#stores.set(spec.name, state.open(spec, clocks))
    }
    return this.#stores.get(spec.name)
  }

  #tableOf(table: GraphNode, reads: GraphNode): TableReader {
    const reader =
      table.kind === 'global'
        ? this.#ctx.globals.get(table.name)
        : this.#built.get(table)?.processor.reader
    assert(reader !== undefined, `the table ${table.name} can be looked up by ${reads.name}`)
    return reader
  }

  #processorOf(graphNode: GraphNode): Processor {
    switch (graphNode.kind) {
      case 'source':
      case 'merge':
      case 'branch-output':
      case 'side-output':
        return new Pass()
      case 'row':
        return graphNode.make()
      case 'event-time':
        return new EventTime(
          graphNode.time as (value: unknown, key: unknown, record: RecordTime) => number,
          graphNode.futureMs,
        )
      case 'branch':
        return new Branch(graphNode.predicates)
      case 'async':
        return new AsyncNode(graphNode.operator(), graphNode.bounds)
      case 'sink':
        return new SinkNode(this.#ctx.ports.get(graphNode.name)!)
      case 'repartition':
        return new Repartition(
          this.#ctx.ports.get(graphNode.name) as MarkingPort,
          graphNode.nullKeys.kept,
          this.#part.clock === 'watermark' && graphNode.timed ? this.#ctx.identity : undefined,
          this.#ctx.idle,
        )
      case 'global':
        throw new MillraceError('MILLRACE_INVARIANT', 'a global table is no part of a task')
      default:
        return unreachable(graphNode)
    }
  }

  /**
   * Dead letters of all stages leave from the last one: they stand in line with the rows in flight, so that their order in the
   * sink is that of their source rows.
   */
  #policyOf(onError: OnError, stage: number): Policy {
    if (typeof onError === 'string') return onError
    const name = deadLetterName(onError.deadLetter)
    let sink = this.#sinks.get(name)
    if (sink === undefined) {
      const letters = new SinkNode(this.#ctx.ports.get(name)!)
      letters.open(new Node(name, new Row(), this.#ctx.clock, this.#ctx.failures))
      this.#sinks.set(name, (sink = letters))
    }
    return { deadLetter: this.#across(name, sink, stage, this.#part.stages - 1) }
  }

  #connect(graphNode: GraphNode): void {
    const { node, processor } = this.#built.get(graphNode)!
    const children = this.#part.children.get(graphNode)!
    if (processor instanceof Branch) {
      for (const child of children) {
        if (child.kind === 'branch-output')
          processor.outputs[child.index] = this.#edge(graphNode, child)
      }
      return
    }
    const ways: Receiver[] = []
    children.forEach((child, i) => {
      const earlier = children.slice(0, i).filter((other) => other === child).length
      const way = this.#edge(graphNode, child, earlier)
      if (child.kind === 'side-output') node.outputs.set(child.output, way)
      else ways.push(way)
    })
    node.next = receiverOf(ways)
  }

  /**
   * The way to a child: direct within a stage, else across one boundary after the other. `earlier`: as so many inputs the child
   * takes the same rows before (a self join).
   */
  #edge(from: GraphNode, to: GraphNode, earlier: number = 0): Receiver {
    const { processor } = this.#built.get(to)!
    const sides = to.inputs.flatMap((input, side) => (input === from ? [side] : []))
    const side = sides[earlier]!
    const target = processor.sides?.[side] ?? this.#chainAt(to) ?? (processor as Receiver)
    const below = this.#part.stageOf.get(to)!
    const above = this.#part.stageOf.get(from)! + (from.kind === 'async' ? 1 : 0)
    const name = processor.sides === undefined ? to.name : `${to.name}#${side}`
    return this.#across(name, target, above, below)
  }

  #across(name: string, target: Receiver, above: number, below: number): Receiver {
    let receiver = target
    for (let stage = below; stage > above; stage--)
      receiver = this.#crossing(`${name}@${stage}`, receiver, this.#stages[stage]!.queue!)
    return receiver
  }

  /** The run of row operators that begins here, as one receiver. Every row operator has one input, so a run has one way in. */
  #chainAt(first: GraphNode): Receiver | undefined {
    const steps: Step[] = []
    for (let at: GraphNode | undefined = first; at !== undefined;) {
      const { processor } = this.#built.get(at)!
      if (!(processor instanceof RowOperator)) break
      steps.push(processor.step)
      const below: readonly GraphNode[] = this.#part.children.get(at)!
      at =
        below.length === 1 && this.#part.stageOf.get(below[0]!) === this.#part.stageOf.get(first)
          ? below[0]
          : undefined
    }
    return steps.length === 0 ? undefined : new Chain(steps)
  }

  #crossing(name: string, target: Receiver, queue: StageQueue): Crossing {
    const existing = this.#crossings.get(name)
    if (existing !== undefined) return existing
    const crossing = new Crossing(name, target, queue)
    this.#crossings.set(name, crossing)
    this.#inFlight.set(name, { from: crossing, queue })
    return crossing
  }

  #placeNodes(): void {
    const perStage: StageNode[][] = this.#stages.map(() => [])
    for (const graphNode of this.#part.nodes) {
      if (!this.#prefixRows.has(graphNode))
        perStage[this.#part.stageOf.get(graphNode)!]!.push(this.#built.get(graphNode)!)
    }
    this.#stages.forEach((stage, i) => stage.setNodes(perStage[i]!))
  }
}

/** The name under which a dead-letter sink's rows ride in the record. */
export function deadLetterName(sink: {
  readonly type: string
  readonly target: string | undefined
}): string {
  return `dead-letter:${sink.type}:${sink.target ?? 'per-record'}`
}

/** Every sink that a task of this sub-topology opens, by the name its rows ride under. */
export function sinksOf(part: SubTopology, onError: OnError): ReadonlyMap<string, Sink<never>> {
  const sinks = new Map<string, Sink<never>>()
  for (const node of part.nodes) {
    if (node.kind === 'sink') sinks.set(node.name, node.sink)
    if (node.kind === 'repartition') sinks.set(node.name, node.sink)
    const policy = node.onError ?? onError
    if (typeof policy !== 'string') addDeadLetters(sinks, policy.deadLetter)
  }
  return sinks
}

/** Two sinks under one name would be one: rows of the one would be written by the other. */
function addDeadLetters(sinks: Map<string, Sink<never>>, sink: Sink<never>): void {
  const name = deadLetterName(sink)
  const other = sinks.get(name)
  if (other !== undefined && other !== sink) {
    throw new MillraceError(
      'MILLRACE_DUPLICATE_NAME',
      `two dead-letter sinks are called ${name}: make the sink once and give it to both nodes, or let the two write to different targets`,
    )
  }
  sinks.set(name, sink)
}
