/** `join`, `leftJoin`, `outerJoin`: one op each, of five kinds. */
import type { Op } from './build.ts'
import type { Handle } from './handles.ts'
import type { PlanFunction } from './functions.ts'
import { duration } from './plan-node.ts'
import type { NodeBuild } from './plan-node.ts'
import { tableOptions } from './tables.ts'
import { serdeOf } from './types.ts'

type Verb = 'join' | 'leftJoin' | 'outerJoin'

const kinds = [
  'stream-stream',
  'stream-table',
  'stream-global',
  'table-table',
  'foreign-key',
] as const

const join: Op = (node) => joined(node, 'join')
const leftJoin: Op = (node) => joined(node, 'leftJoin')
const outerJoin: Op = (node) => joined(node, 'outerJoin')

export const joinOps = { join, leftJoin, outerJoin } as const

function joined(node: NodeBuild, verb: Verb): Handle {
  const kind = node.params.oneOf('kind', kinds)
  if (kind === 'stream-stream') return streams(node, verb)
  if (kind === 'table-table') return tables(node, verb)
  if (verb === 'outerJoin') throw new Error(`${node.what}: there is no outer join ${kind}`)
  switch (kind) {
    case 'stream-table':
      return streamTable(node, verb)
    case 'stream-global':
      return streamGlobal(node, verb)
    case 'foreign-key':
      return foreignKey(node, verb)
  }
}

function streams(node: NodeBuild, verb: Verb): Handle {
  const left = node.from('stream')
  const right = node.with('stream')
  const window = node.params.object('window')
  const within = {
    before: duration(window.ms('beforeMs')),
    after: duration(window.ms('afterMs')),
  }
  const grace = duration(window.ms('graceMs'))
  window.done()
  const late = {
    ...(node.hasLate('left') ? { left: node.keepLate('left', left.key, left.value) } : {}),
    ...(node.hasLate('right') ? { right: node.keepLate('right', right.key, right.value) } : {}),
  }
  const fn = joiner(node.params.fn('fn'))
  const options = {
    name: node.name,
    within,
    grace,
    key: serdeOf(left.key),
    left: serdeOf(left.value),
    right: serdeOf(right.value),
    ...(Object.keys(late).length === 0 ? {} : { late }),
  }
  const stream = {
    join: () => left.stream.join(right.stream, fn, options),
    leftJoin: () => left.stream.leftJoin(right.stream, fn, options),
    outerJoin: () => left.stream.outerJoin(right.stream, fn, options),
  }[verb]()
  return { kind: 'stream', stream, ...node.types(left.key, left.value) }
}

function streamTable(node: NodeBuild, verb: 'join' | 'leftJoin'): Handle {
  const left = node.from('stream')
  const right = node.with('table')
  const grace = node.params.msOr('graceMs', undefined)
  const fn = joiner(node.params.fn('fn'))
  const options = {
    name: node.name,
    key: serdeOf(left.key),
    value: serdeOf(left.value),
    ...(grace === undefined ? {} : { grace: duration(grace) }),
  }
  const stream =
    verb === 'join'
      ? left.stream.join(right.table, fn, options)
      : left.stream.leftJoin(right.table, fn, options)
  return { kind: 'stream', stream, ...node.types(left.key, left.value) }
}

function streamGlobal(node: NodeBuild, verb: 'join' | 'leftJoin'): Handle {
  const left = node.from('stream')
  const right = node.with('global')
  const mapper = node.params.fn('keyMapper')
  const fn = joiner(node.params.fn('fn'))
  const options = { name: node.name, key: (v: unknown, k: unknown): unknown => mapper(k, v) }
  const stream =
    verb === 'join'
      ? left.stream.join(right.table, fn, options)
      : left.stream.leftJoin(right.table, fn, options)
  return { kind: 'stream', stream, ...node.types(left.key, left.value) }
}

function tables(node: NodeBuild, verb: Verb): Handle {
  const left = node.from('table')
  const right = node.with('table')
  const types = node.types(left.key, left.value)
  const fn = joiner(node.params.fn('fn'))
  const table = left.table[verb](right.table, fn, tableOptions(node, types))
  return { kind: 'table', table, ...types }
}

function foreignKey(node: NodeBuild, verb: 'join' | 'leftJoin'): Handle {
  const left = node.from('table')
  const right = node.with('table')
  const types = node.types(left.key, left.value)
  const fk = node.params.fn('fk')
  const fn = joiner(node.params.fn('fn'))
  const options = tableOptions(node, types)
  const foreign = (v: unknown): unknown => fk(v)
  const table =
    verb === 'join'
      ? left.table.joinForeign(right.table, foreign, fn, options)
      : left.table.leftJoinForeign(right.table, foreign, fn, options)
  return { kind: 'table', table, ...types }
}

function joiner(fn: PlanFunction) {
  return (l: unknown, r: unknown): {} => fn(l, r) as {}
}
