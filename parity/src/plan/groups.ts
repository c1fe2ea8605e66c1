/** Grouping, cogrouping and windows: what stands between a stream or table and its aggregate. */
import { hopping, session, sliding, tumbling, unlimited } from '@millrace/core'
import type { Op } from './build.ts'
import type { NodeBuild } from './plan-node.ts'
import { duration } from './plan-node.ts'
import { serdeOf } from './types.ts'

const groupByKey: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const types = node.types(key, value)
  const grouped = stream.groupByKey({ key: serdeOf(types.key), value: serdeOf(types.value) })
  return { kind: 'grouped', grouped, ...types }
}

const groupBy: Op = (node) => {
  const from = node.from('stream', 'table')
  const fn = node.params.fn('fn')
  const types = node.types(from.key, from.value)
  const serdes = { key: serdeOf(types.key), value: serdeOf(types.value) }
  if (from.kind === 'stream') {
    const grouped = from.stream.groupBy((v, k) => fn(k, v), serdes)
    return { kind: 'grouped', grouped, ...types }
  }
  const grouped = from.table.groupBy((v, k) => fn(k, v) as readonly [unknown, unknown] | null, {
    name: node.name,
    ...serdes,
  })
  return { kind: 'table-grouped', grouped, ...types }
}

const cogroup: Op = (node) => {
  const inputs = node.params.list('inputs').map((input) => {
    const from = node.handle(input.text('from'), 'grouped')
    const fn = input.fn('fn')
    input.done()
    return { from, add: (a: unknown, v: unknown, k: unknown): unknown => fn(k, v, a) }
  })
  const [first, ...others] = inputs
  if (first === undefined) throw new Error(`${node.what}: no inputs`)
  const grouped = others.reduce(
    (all, { from, add }) => all.cogroup(from.grouped, add),
    first.from.grouped.cogroup(first.add),
  )
  return { kind: 'cogrouped', grouped, ...node.types(first.from.key, first.from.value) }
}

const windowedBy: Op = (node) => {
  const from = node.from('grouped', 'cogrouped')
  const types = node.types(from.key, from.value)
  const window = windowOf(node)
  if (from.kind === 'grouped') {
    if (window.kind === 'session')
      return { kind: 'sessions', windowed: from.grouped.windowedBy(window), ...types }
    return { kind: 'windowed', windowed: from.grouped.windowedBy(window), ...types }
  }
  if (window.kind === 'session')
    return { kind: 'cogrouped-sessions', windowed: from.grouped.windowedBy(window), ...types }
  return { kind: 'cogrouped-windowed', windowed: from.grouped.windowedBy(window), ...types }
}

function windowOf(node: NodeBuild) {
  const params = node.params.object('window')
  const type = params.oneOf('type', ['tumbling', 'hopping', 'sliding', 'session', 'unlimited'])
  const ms = (name: string) => duration(params.ms(name))
  const made = () => {
    switch (type) {
      case 'tumbling':
        return tumbling(ms('sizeMs')).grace(ms('graceMs'))
      case 'hopping':
        return hopping(ms('sizeMs'), ms('advanceMs')).grace(ms('graceMs'))
      case 'sliding':
        return sliding(ms('timeDifferenceMs')).grace(ms('graceMs'))
      case 'session':
        return session(ms('inactivityGapMs')).grace(ms('graceMs'))
      case 'unlimited':
        return unlimited({ start: params.ms('startMs') })
    }
  }
  const window = made()
  params.done()
  return window
}

const emitStrategy: Op = (node) => {
  const from = node.from('windowed', 'sessions', 'cogrouped-windowed', 'cogrouped-sessions')
  const strategy = node.params.oneOf('strategy', ['onWindowUpdate', 'onWindowClose'])
  const emit = strategy === 'onWindowClose' ? 'close' : 'update'
  const types = node.types(from.key, from.value)
  switch (from.kind) {
    case 'windowed':
      return { kind: from.kind, windowed: from.windowed.emit(emit), ...types }
    case 'sessions':
      return { kind: from.kind, windowed: from.windowed.emit(emit), ...types }
    case 'cogrouped-windowed':
      return { kind: from.kind, windowed: from.windowed.emit(emit), ...types }
    case 'cogrouped-sessions':
      return { kind: from.kind, windowed: from.windowed.emit(emit), ...types }
  }
}

export const groupOps = { groupByKey, groupBy, cogroup, windowedBy, emitStrategy } as const
