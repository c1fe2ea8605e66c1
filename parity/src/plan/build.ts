/** Build: a plan becomes an app, op by op: each is the call that a user of the public API would write. */
import { createApp } from '@millrace/core'
import type { App, Sink, Source } from '@millrace/core'
import type { Plan, PlanConfig } from '../case.ts'
import type { Handle } from './handles.ts'
import { aggregateOps } from './aggregates.ts'
import { groupOps } from './groups.ts'
import { joinOps } from './joins.ts'
import { Params } from './params.ts'
import { NodeBuild } from './plan-node.ts'
import type { Building } from './plan-node.ts'
import { process } from './process.ts'
import { sourceOps } from './sources.ts'
import { streamOps } from './streams.ts'
import { tableOps } from './tables.ts'
import type { PlanType } from './types.ts'

export interface Program {
  readonly app: App
  /** To be told by who runs it. */
  readonly newest: Building['newest']
  /** The sources of each topic, one a partition. */
  readonly topics: ReadonlyMap<string, TopicSources>
  readonly sinks: ReadonlyMap<string, SinkOf>
}

export interface TopicSources {
  readonly key: PlanType
  readonly value: PlanType
  readonly splits: readonly Source<unknown, unknown>[]
}

export interface SinkOf {
  readonly sink: Sink<unknown>
  readonly key: PlanType
  readonly value: PlanType
}

/** What an op adds; several handles of a split. */
export type Op = (
  node: NodeBuild,
  program: Growing,
) => Handle | Readonly<Record<string, Handle>> | void

/** The ends of a program, as nodes add them. */
export interface Growing {
  readonly topics: Map<string, TopicSources>
  readonly sinks: Map<string, SinkOf>
}

const ops: Readonly<Record<string, Op>> = {
  ...sourceOps,
  ...streamOps,
  ...groupOps,
  ...aggregateOps,
  ...tableOps,
  ...joinOps,
  process,
}

export function build(plan: Plan): Program {
  const { clock } = readConfig(plan.config)
  const streamTime = clock === undefined
  const building: Building = {
    plan,
    app: createApp({ id: 'parity', clock: streamTime ? 'streamTime' : 'watermark' }),
    streamTime,
    newest: { time: () => -Infinity },
    handles: new Map(),
    late: new Map(),
    stores: new Map(),
  }
  const growing: Growing = { topics: new Map(), sinks: new Map() }
  for (const planNode of plan.nodes) {
    const op = Object.hasOwn(ops, planNode.op) ? ops[planNode.op] : undefined
    if (op === undefined) throw new Error(`${planNode.id}: unknown op ${planNode.op}`)
    const node = new NodeBuild(planNode, building)
    const made = op(node, growing)
    node.params.done()
    if (made === undefined) continue
    const handles = 'kind' in made ? { [node.id]: made as Handle } : made
    for (const [id, handle] of Object.entries(handles)) keep(building, id, handle)
  }
  for (const topic of Object.keys(plan.topics))
    if (!growing.topics.has(topic)) throw new Error(`no node reads the topic ${topic}`)
  return { app: building.app, newest: building.newest, ...growing }
}

function keep(building: Building, id: string, handle: Handle): void {
  if (building.handles.has(id)) throw new Error(`two nodes are called ${id}`)
  building.handles.set(id, handle)
}

/** `cache` shows in the comparison only, and no optimization changes a row. */
function readConfig(config: PlanConfig = {}): PlanConfig {
  const params = new Params('config', config)
  params.flag('cache')
  if (params.has('optimization')) params.oneOf('optimization', ['all', 'self-join', 'none'])
  if (params.has('clock')) {
    const clock = params.object('clock')
    clock.oneOf('type', ['watermark'])
    clock.ms('outOfOrderMs')
    clock.msOr('idleMs', undefined)
    clock.done()
  }
  params.done()
  return config
}
