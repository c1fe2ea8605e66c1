/** Ops of tables, and those that streams and tables share: filters and mappers. */
import type { Op } from './build.ts'
import type { NodeBuild } from './plan-node.ts'
import { duration } from './plan-node.ts'
import type { PlanType } from './types.ts'
import { serdeOf } from './types.ts'

const filter: Op = (node) => filtered(node, 'filter')
const filterNot: Op = (node) => filtered(node, 'filterNot')

function filtered(node: NodeBuild, verb: 'filter' | 'filterNot'): ReturnType<Op> {
  const from = node.from('stream', 'table')
  const fn = node.params.fn('fn')
  const predicate = (v: unknown, k: unknown): boolean => Boolean(fn(k, v))
  const types = node.types(from.key, from.value)
  if (from.kind === 'stream')
    return { kind: 'stream', stream: from.stream[verb](predicate, { name: node.name }), ...types }
  const table = from.table[verb](predicate, tableOptions(node, types))
  return { kind: 'table', table, ...types }
}

const mapValues: Op = (node) => {
  const from = node.from('stream', 'table')
  const fn = node.params.fn('fn')
  const map = (v: unknown, k: unknown): {} => fn(v, k) as {}
  const types = node.types(from.key, from.value)
  if (from.kind === 'stream')
    return { kind: 'stream', stream: from.stream.mapValues(map, { name: node.name }), ...types }
  const table = from.table.mapValues(map, tableOptions(node, types))
  return { kind: 'table', table, ...types }
}

const transformValues: Op = (node) => {
  const { table, key, value } = node.from('table')
  const fn = node.params.fn('fn')
  const types = node.types(key, value)
  const mapped = table.transformValues((v, k) => fn(v, k) as {} | null, tableOptions(node, types))
  return { kind: 'table', table: mapped, ...types }
}

const toStream: Op = (node) => {
  const { table, key, value } = node.from('table')
  const stream = table.toStream({ name: node.name, tombstones: true })
  return { kind: 'stream', stream, ...node.types(key, value) }
}

const suppress: Op = (node) => {
  const { table, key, value } = node.from('table')
  const types = node.types(key, value)
  const until = node.params.oneOf('until', ['windowCloses', 'timeLimit'])
  const limits = node.params.object('buffer')
  const maxRecords = limits.msOr('maxRecords', undefined)
  const maxBytes = limits.msOr('maxBytes', undefined)
  const whenFull = limits.has('whenFull')
    ? limits.oneOf('whenFull', ['emitEarly', 'shutDown'])
    : undefined
  limits.done()
  const buffer = {
    ...(maxRecords === undefined ? {} : { maxRecords }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }
  if (until === 'timeLimit') {
    const suppressed = table.suppress({
      name: node.name,
      until,
      after: duration(node.params.ms('ms')),
      buffer: { ...buffer, ...(whenFull === undefined ? {} : { whenFull }) },
    })
    return { kind: 'table', table: suppressed, ...types }
  }
  if (whenFull === 'emitEarly')
    throw new Error(`${node.what}: windowCloses shuts down when it is full`)
  return { kind: 'table', table: table.suppress({ name: node.name, until, buffer }), ...types }
}

export const tableOps = {
  filter,
  filterNot,
  mapValues,
  transformValues,
  toStream,
  suppress,
} as const

/** Name, serdes and `materialized` of an op that yields a table from tables. */
export function tableOptions(
  node: NodeBuild,
  types: { readonly key: PlanType; readonly value: PlanType },
) {
  const materialized = node.params.flag('materialized')
  return {
    name: node.name,
    ...keySerde(types.key),
    value: serdeOf(types.value),
    ...(materialized ? { materialized } : {}),
  }
}

/** Windowed keys have the serde that their aggregate gave them, which knows their windows. */
export function keySerde(key: PlanType) {
  return key.name === 'windowed' ? {} : { key: serdeOf(key) }
}
