/** Ops of a stream that keep no state, and what leaves it: `toTable`, `to`. */
import { embedded } from '@millrace/core'
import type { Op } from './build.ts'
import type { Handle } from './handles.ts'
import { lateId } from './plan-node.ts'
import { tableOptions } from './sources.ts'
import { serdeOf } from './types.ts'

const map: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const fn = node.params.fn('fn')
  const mapped = stream.map((v, k) => fn(k, v) as [unknown, {}], { name: node.name })
  return { kind: 'stream', stream: mapped, ...node.types(key, value) }
}

const flatMap: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const fn = node.params.fn('fn')
  const mapped = stream.flatMap((v, k) => fn(k, v) as [unknown, {}][], { name: node.name })
  return { kind: 'stream', stream: mapped, ...node.types(key, value) }
}

const flatMapValues: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const fn = node.params.fn('fn')
  const mapped = stream.flatMapValues((v, k) => fn(v, k) as {}[], { name: node.name })
  return { kind: 'stream', stream: mapped, ...node.types(key, value) }
}

const selectKey: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const fn = node.params.fn('fn')
  const types = node.types(key, value)
  const keyed = stream.selectKey((v, k) => fn(k, v), { name: node.name, key: serdeOf(types.key) })
  return { kind: 'stream', stream: keyed, ...types }
}

const merge: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const merged = stream.merge(node.with('stream').stream, { name: node.name })
  return { kind: 'stream', stream: merged, ...node.types(key, value) }
}

const split: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const types = node.types(key, value)
  const branches = node.params.list('branches').map((branch) => {
    const id = branch.text('id')
    const fn = branch.fn('fn')
    branch.done()
    return { id, fn }
  })
  const rest = node.params.textOr('default', undefined)
  const predicates = Object.fromEntries(
    branches.map(({ fn }, i) => [`b${i}`, (v: unknown, k: unknown) => Boolean(fn(k, v))]),
  )
  const streams = stream.split(predicates, { name: node.name })
  const handles: Record<string, Handle> = {}
  branches.forEach(({ id }, i) => {
    handles[id] = { kind: 'stream', stream: streams[`b${i}`]!, ...types }
  })
  if (rest !== undefined) handles[rest] = { kind: 'stream', stream: streams['rest']!, ...types }
  return handles
}

const repartition: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const types = node.types(key, value)
  const rows = stream.repartition({
    name: node.name,
    key: serdeOf(types.key),
    value: serdeOf(types.value),
  })
  return { kind: 'stream', stream: rows, ...types }
}

const toTable: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const types = node.types(key, value)
  const table = stream.toTable({
    name: node.name,
    key: serdeOf(types.key),
    value: serdeOf(types.value),
    ...tableOptions(node),
  })
  return { kind: 'table', table, ...types }
}

const to: Op = (node, program) => {
  const { stream, key, value } = node.from('stream')
  const topic = node.params.text('topic')
  const types = node.types(key, value)
  if (program.sinks.has(topic)) throw new Error(`${node.what}: two nodes write to ${topic}`)
  const { sink } = embedded<unknown, unknown>(topic, {
    key: serdeOf(types.key),
    value: serdeOf(types.value),
  })
  program.sinks.set(topic, { sink, ...types })
  stream.to(sink, { name: node.name })
}

/** The rows that a node refused as late: their key, their value, their own time. */
const late: Op = (node) => {
  const side = node.params.has('side') ? node.params.oneOf('side', ['left', 'right']) : undefined
  const from = node.params.text('from')
  const kept = node.building.late.get(lateId(from, side))
  if (kept === undefined)
    throw new Error(`${node.what}: ${from} is no node that refuses late rows here`)
  const rows = kept.stream.mapValues((row: { readonly value: {} }) => row.value, {
    name: node.name,
  })
  return { kind: 'stream', stream: rows, ...node.types(kept.key, kept.value) }
}

export const streamOps = {
  map,
  flatMap,
  flatMapValues,
  selectKey,
  merge,
  split,
  repartition,
  toTable,
  to,
  late,
} as const
