/**
 * `stream`, `table`, `globalTable`: what a plan reads. Each split of a topic is a source of its own, merged right behind: then all
 * splits belong to one task and one T, as in the engine that the cases with several splits were recorded from.
 */
import { embedded } from '@millrace/core'
import type { KStream, Source } from '@millrace/core'
import type { Growing, Op, TopicSources } from './build.ts'
import { Params } from './params.ts'
import { duration } from './plan-node.ts'
import type { NodeBuild } from './plan-node.ts'
import { parseType, serdeOf } from './types.ts'

const stream: Op = (node, program) => {
  const extractor = node.params.fnOr('timestampExtractor', undefined)
  const { key, value, splits } = topicOf(node, program)
  const { clock } = node.building.plan.config ?? {}
  const streams = splits.map((source, i): KStream<any, any> => {
    const name = splits.length === 1 ? node.name : `${node.name}.${i}`
    const rows = node.building.app.stream(source, { name })
    if (extractor !== undefined)
      return rows.eventTime(
        (v, k, row) => extractor(k, v, row.timestamp, row.partitionTime) as number,
      )
    if (clock === undefined) return rows
    return rows.eventTime((_v, _k, row) => row.timestamp, {
      outOfOrder: duration(clock.outOfOrderMs),
      ...(clock.idleMs === undefined ? {} : { idle: duration(clock.idleMs) }),
    })
  })
  const all = streams.reduce((merged, other) => merged.merge(other))
  return { kind: 'stream', stream: all, key, value }
}

const table: Op = (node, program) => {
  const { key, value, splits } = topicOf(node, program)
  const table = node.building.app.table(only(node, splits), {
    name: node.name,
    ...tableOptions(node),
  })
  return { kind: 'table', table, key, value }
}

const globalTable: Op = (node, program) => {
  const { key, value, splits } = topicOf(node, program)
  const table = node.building.app.globalTable(only(node, splits), { name: node.name })
  return { kind: 'global', table, key, value }
}

export const sourceOps = { stream, table, globalTable } as const

/** Of `table` and `toTable`. */
export function tableOptions(node: NodeBuild) {
  const materialized = node.params.flag('materialized')
  const versioned = node.params.objectOr('versioned', undefined)
  const history = versioned?.ms('historyRetentionMs')
  versioned?.done()
  return {
    ...(materialized ? { materialized } : {}),
    ...(history === undefined ? {} : { versioned: { history: duration(history) } }),
  }
}

function topicOf(node: NodeBuild, program: Growing): TopicSources {
  const topic = node.params.text('topic')
  if (program.topics.has(topic)) throw new Error(`${node.what}: two nodes read ${topic}`)
  const plan = node.building.plan.topics[topic]
  if (plan === undefined) throw new Error(`${node.what}: the plan has no topic ${topic}`)
  const params = new Params(`topic ${topic}`, plan)
  const key = parseType(params.text('key'))
  const value = parseType(params.text('value'))
  const partitions = params.msOr('partitions', 1)
  params.done()
  const splits = Array.from({ length: partitions }, (_, i): Source<unknown, unknown> => {
    const name = partitions === 1 ? topic : `${topic}.${i}`
    const serdes = { key: serdeOf(key), value: serdeOf(value) }
    return Object.freeze({ ...embedded(name, serdes), nulls: 'pass' })
  })
  const sources = { key, value, splits }
  program.topics.set(topic, sources)
  return sources
}

function only<T>(node: NodeBuild, splits: readonly T[]): T {
  if (splits.length === 1) return splits[0]!
  throw new Error(`${node.what}: a table of ${splits.length} partitions is not supported`)
}
