/**
 * Assignment: opens what a task needs, in the order that keeps it safe: restore from the log, open the sinks and publish what
 * is pending, open the sources at the committed positions, and only then the first row.
 */
import type { CheckpointSpec } from '../checkpoint/spec.ts'
import type { ObjectStore } from '../checkpoint/object-store.ts'
import { durationMs } from '../time/duration.ts'
import type { Env } from '../env.ts'
import { MillraceError } from '../errors.ts'
import { byLog } from '../log/decider.ts'
import type { Log, OpenContext } from '../log/log.ts'
import type { TaskAssignment } from '../log/membership.ts'
import type { SourcePort } from '../log/source-port.ts'
import type { Section, SinkPort } from '../sink.ts'
import type { OnError } from '../topology/graph-node.ts'
import type { Topology } from '../topology/topology.ts'
import { Commits } from './commit.ts'
import { Outbox } from './outbox.ts'
import { restore } from './restore.ts'
import { RunningTask } from './running-task.ts'
import type { Cut } from './split-input.ts'
import { Task } from './task.ts'
import { sinksOf } from './wiring.ts'

export interface AssignmentContext {
  readonly app: string
  readonly topology: Topology
  readonly onError: OnError
  readonly env: Env
  readonly open: OpenContext
  readonly store: ObjectStore
  readonly checkpoint: CheckpointSpec
  readonly writer: string
  readonly logOf: (system: string) => Log
  readonly wake: () => void
  readonly eager: boolean
}

export async function openTask(
  ctx: AssignmentContext,
  assignment: TaskAssignment,
  cut?: Cut,
): Promise<RunningTask> {
  const { app, env } = ctx
  const { subTopology, task } = assignment
  const part = ctx.topology.subTopologies.find((candidate) => candidate.name === subTopology)
  if (part === undefined)
    throw new MillraceError('MILLRACE_INVARIANT', `no sub-topology ${subTopology}`)
  const place = { app, subTopology, task }
  const decider = deciderOf(
    ctx,
    part.prefixes[0]!.source.source.log.system,
    assignment,
    [...sinksOf(part, ctx.onError).values()].some((sink) => sink.decides !== 'log'),
  )
  const known = await decider.open()
  if (known !== 'by-log')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      'commits decided by a cluster are not supported yet: use sinks that are staged',
      { at: place },
    )
  const head = await restore(ctx.store, place)
  const ports = new Map<string, SinkPort>()
  for (const [name, sink] of sinksOf(part, ctx.onError)) {
    const port = (await sink.open({ ...ctx.open, subTopology, task, node: name })) as SinkPort
    const pending: Section[] = head.pending.filter((section) => section.sink === name)
    await port.open(pending)
    ports.set(name, port)
  }
  refuseOrphans(
    head.pending.map((section) => section.sink),
    ports,
    place,
  )
  const outbox = new Outbox(place, ports, env, ctx.wake)
  outbox.resume(head.pending)
  const commits = new Commits({
    place: { ...place, writer: ctx.writer, fingerprint: ctx.topology.fingerprint.hash },
    store: ctx.store,
    decider,
    outbox,
    env,
    head: head.head,
    changed: ctx.wake,
  })
  const synchronous = new Task({
    app,
    task: `${subTopology}/${task}`,
    part,
    splits: assignment.splits,
    ports,
    onError: ctx.onError,
    random: () => env.random(),
    log: env.log,
    restored: head.head === undefined ? undefined : head,
    cut,
  })
  await decider.begin()
  const sources = new Map<string, SourcePort>()
  const topicOf = new Map<string, string>()
  for (const split of assignment.splits) {
    const { source } = part.prefixes.find(
      (prefix) => prefix.source.source.topic === split.topic,
    )!.source
    let port = sources.get(split.topic)
    if (port === undefined)
      sources.set(split.topic, (port = ctx.logOf(source.log.system).source(split.topic)))
    const after = head.positions.get(split.id)
    await port.open(split, after === undefined ? (source.start ?? 'earliest') : { after })
    topicOf.set(split.id, split.topic)
  }
  return new RunningTask(
    `${subTopology}/${task}`,
    { task: synchronous, sources, topicOf, ports, commits, outbox, eager: ctx.eager },
    env,
    durationMs(ctx.checkpoint.options.every ?? '1s', 'checkpoint: every'),
    ctx.wake,
  )
}

function deciderOf(
  ctx: AssignmentContext,
  system: string,
  assignment: TaskAssignment,
  transactional: boolean,
): typeof byLog {
  if (!transactional) return byLog
  const decider = ctx.logOf(system).decider?.(assignment)
  if (decider === undefined)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `a sink of ${assignment.subTopology} wants its transaction to decide commits, but the log system ${system} has none`,
    )
  return decider
}

/** Staged rows of a sink that this topology does not have would be lost in silence. */
function refuseOrphans(
  pending: readonly string[],
  ports: ReadonlyMap<string, unknown>,
  at: { app: string; subTopology: string; task: string },
): void {
  const orphan = pending.find((sink) => !ports.has(sink))
  if (orphan !== undefined) {
    throw new MillraceError(
      'MILLRACE_TOPOLOGY_CHANGED',
      `the checkpoint holds decided rows for the sink ${orphan}, which this topology does not have: start the old version once so that it publishes them, or give the sink its old name with { name: '${orphan}' }`,
      { at },
    )
  }
}
