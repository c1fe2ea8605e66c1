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
import type { Decider } from '../log/decider.ts'
import type { Log, OpenContext } from '../log/log.ts'
import type { LogAdmin, TaskAssignment } from '../log/membership.ts'
import type { SourcePort } from '../log/source-port.ts'
import type { Placement } from '../processors/placement.ts'
import type { TableReader } from '../processors/processor.ts'
import type { Section, SinkPort } from '../sink.ts'
import type { StateSpec } from '../state/state.ts'
import type { OnError } from '../topology/graph-node.ts'
import type { SubTopology } from '../topology/compile.ts'
import type { Topology } from '../topology/topology.ts'
import { claim } from './claim.ts'
import { Commits } from './commit.ts'
import { Outbox } from './outbox.ts'
import { RunningTask } from './running-task.ts'
import type { Cut } from './split-input.ts'
import { Task } from './task.ts'
import { Trim } from './trim.ts'
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
  readonly state: StateSpec
  readonly globals: ReadonlyMap<string, TableReader>
  /** How many tasks a sub-topology has, over all workers. */
  readonly tasksOf: (subTopology: string) => number
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
  const decider = deciderOf(ctx, part, assignment)
  const writing = { writer: ctx.writer, fingerprint: ctx.topology.fingerprint.hash }
  const head = await claim(decider, ctx.store, { ...place, ...writing }, env)
  const state = await ctx.state.open({ app, subTopology, task, env, dir: ctx.open.dir })
  const ports = new Map<string, SinkPort>()
  const sources = new Map<string, SourcePort>()
  const topicOf = new Map<string, string>()
  const outbox = new Outbox(place, ports, env, ctx.wake)
  try {
    for (const [name, sink] of sinksOf(part, ctx.onError)) {
      const port = (await sink.open({
        ...ctx.open,
        subTopology,
        task,
        node: name,
        outlet: decider.outlet,
      })) as SinkPort
      ports.set(name, port)
      const pending: Section[] = head.pending.filter((section) => section.sink === name)
      await port.open(pending)
    }
    refuseOrphans(
      head.pending.map((section) => section.sink),
      ports,
      place,
    )
    outbox.resume(head.pending)
    const trim = new Trim(internalSplits(ctx, part, assignment), env)
    const commits = new Commits({
      place: { ...place, ...writing },
      store: ctx.store,
      decider,
      outbox,
      env,
      head,
      changed: ctx.wake,
      onDecided: ({ positions }) => {
        state.decided()
        trim.decided(positions)
      },
    })
    await decider.begin()
    const positions = new Map(head.positions)
    let pinned = false
    for (const split of assignment.splits) {
      const { source } = part.prefixes.find(
        (prefix) => prefix.source.source.topic === split.topic,
      )!.source
      let port = sources.get(split.topic)
      if (port === undefined)
        sources.set(split.topic, (port = ctx.logOf(source.log.system).source(split.topic)))
      const after = head.positions.get(split.id)
      // What a shard left to its children is not theirs to skip, whatever the source says of new splits.
      const inherited = (split.parents?.length ?? 0) > 0
      const start = inherited ? 'earliest' : (source.start ?? 'earliest')
      const from = after === undefined ? start : { after }
      positions.set(split.id, await port.open(split, from))
      topicOf.set(split.id, split.topic)
      if (after === undefined && from !== 'earliest') pinned = true
    }
    const synchronous = new Task({
      app,
      task: `${subTopology}/${task}`,
      part,
      splits: assignment.splits,
      ports,
      onError: ctx.onError,
      now: env.clock.now(),
      random: () => env.random(),
      log: env.log,
      restored: { ...head, positions },
      cut,
      state,
      globals: ctx.globals,
      placement: placementOf(assignment, ctx.tasksOf(subTopology)),
      identity: {
        task: `${subTopology}/${task}`,
        epoch: head.head?.seq ?? 0,
        tasks: ctx.tasksOf(subTopology),
        generation: 0,
      },
    })
    await state.apply() // what was restored leaves memory
    if (pinned) {
      // 'latest' means now, and must mean the same after a crash: it is committed before the first row.
      commits.submit(synchronous.freeze())
      await commits.drained()
      if (commits.error !== undefined) throw commits.error
    }
    return new RunningTask(
      `${subTopology}/${task}`,
      { task: synchronous, sources, topicOf, ports, commits, outbox, state, eager: ctx.eager },
      env,
      durationMs(ctx.checkpoint.options.every ?? '1s', 'checkpoint: every'),
      ctx.wake,
    )
  } catch (error) {
    // What was opened is given back: another process, or the next try, needs it.
    outbox.stop()
    await outbox.drained()
    await decider.close().catch(() => {})
    await state.close()
    const closing = [...topicOf].map(([split, topic]) => sources.get(topic)!.close(split))
    await Promise.allSettled([...closing, ...[...ports.values()].map((port) => port.close())])
    throw error
  }
}

/** Shards are split by other rules than partitions. */
function placementOf({ splits }: TaskAssignment, partitions: number): Placement | undefined {
  const split = splits[0]
  return split === undefined || split.hashRange !== undefined
    ? undefined
    : { partition: split.partition, partitions }
}

function internalSplits(
  ctx: AssignmentContext,
  part: SubTopology,
  assignment: TaskAssignment,
): ReadonlyMap<string, LogAdmin> {
  const splits = new Map<string, LogAdmin>()
  for (const { source } of part.prefixes) {
    if (source.repartition === undefined) continue
    const { topic, log } = source.source
    for (const split of assignment.splits)
      if (split.topic === topic) splits.set(split.id, ctx.logOf(log.system).admin)
  }
  return splits
}

/** One decider a task: that of the cluster in which its transactional sinks write, or the log of its records. */
function deciderOf(ctx: AssignmentContext, part: SubTopology, assignment: TaskAssignment): Decider {
  const sinks = [...sinksOf(part, ctx.onError).values()]
  const decides = sinks.find((sink) => sink.decides !== 'log')?.decides
  if (decides === undefined || decides === 'log') return byLog
  const log: Log | undefined = ctx.logOf(decides.cluster)
  const decider = log?.decider?.(assignment)
  if (decider === undefined)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `a sink of ${assignment.subTopology} wants a transaction of ${decides.cluster} to decide commits, but ${log === undefined ? 'no source of this app is in that log system' : 'that log system has none'}`,
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
