/** `count`, `reduce`, `aggregate`: of grouped streams and tables, in windows or not, and of several streams. */
import type { Op } from './build.ts'
import type { Handle } from './handles.ts'
import type { PlanFunction } from './functions.ts'
import type { NodeBuild } from './plan-node.ts'
import { duration } from './plan-node.ts'
import type { PlanType } from './types.ts'
import { serdeOf } from './types.ts'

const grouped = [
  'grouped',
  'table-grouped',
  'windowed',
  'sessions',
  'cogrouped',
  'cogrouped-windowed',
  'cogrouped-sessions',
] as const

type Grouped = Extract<Handle, { readonly kind: (typeof grouped)[number] }>

const count: Op = (node) => {
  const from = node.from('grouped', 'table-grouped', 'windowed', 'sessions')
  const types = typesOf(node, from, { name: 'long' })
  const options = optionsOf(node, from, types)
  if (from.kind === 'grouped' || from.kind === 'table-grouped')
    return { kind: 'table', table: from.grouped.count(options), ...types }
  return { kind: 'table', table: from.windowed.count(options), ...types }
}

const reduce: Op = (node) => {
  const from = node.from('grouped', 'table-grouped', 'windowed', 'sessions')
  const types = typesOf(node, from, from.value)
  const options = optionsOf(node, from, types)
  if (from.kind === 'table-grouped') {
    const adder = node.params.fn('adder')
    const subtractor = node.params.fn('subtractor')
    const table = from.grouped.reduce(
      (a, v) => adder(a, v),
      (a, v) => subtractor(a, v),
      options,
    )
    return { kind: 'table', table, ...types }
  }
  const fn = node.params.fn('fn')
  const add = (a: unknown, v: unknown): unknown => fn(a, v)
  if (from.kind === 'grouped')
    return { kind: 'table', table: from.grouped.reduce(add, options), ...types }
  return { kind: 'table', table: from.windowed.reduce(add, options), ...types }
}

const aggregate: Op = (node) => {
  const from = node.from(...grouped)
  const types = typesOf(node, from, from.value)
  const options = optionsOf(node, from, types)
  const init = node.params.fn('init')
  const make = (): unknown => init()
  const table = () => {
    switch (from.kind) {
      case 'grouped':
        return from.grouped.aggregate(make, adding(node.params.fn('adder')), options)
      case 'table-grouped':
        return from.grouped.aggregate(
          make,
          adding(node.params.fn('adder')),
          adding(node.params.fn('subtractor')),
          options,
        )
      case 'windowed':
        return from.windowed.aggregate(make, adding(node.params.fn('adder')), options)
      case 'sessions':
        return from.windowed.aggregate(
          make,
          adding(node.params.fn('adder')),
          merging(node.params.fn('merger')),
          options,
        )
      case 'cogrouped':
        return from.grouped.aggregate(make, options)
      case 'cogrouped-windowed':
        return from.windowed.aggregate(make, options)
      case 'cogrouped-sessions':
        return from.windowed.aggregate(make, merging(node.params.fn('merger')), options)
    }
  }
  return { kind: 'table', table: table(), ...types }
}

export const aggregateOps = { count, reduce, aggregate } as const

function adding(fn: PlanFunction) {
  return (a: unknown, v: unknown, k: unknown): unknown => fn(k, v, a)
}

function merging(fn: PlanFunction) {
  return (a: unknown, b: unknown, k: unknown): unknown => fn(k, a, b)
}

function typesOf(node: NodeBuild, from: Grouped, value: PlanType) {
  const session = from.kind === 'sessions' || from.kind === 'cogrouped-sessions'
  const key: PlanType = isWindowed(from) ? { name: 'windowed', of: from.key, session } : from.key
  return node.types(key, value)
}

function isWindowed(from: Grouped): boolean {
  return 'windowed' in from
}

/** Windows of aggregates are kept for ever in the recordings. */
const forEver = duration(1_000 * 365 * 86_400_000)

function optionsOf(node: NodeBuild, from: Grouped, types: { readonly value: PlanType }) {
  const value = serdeOf(types.value)
  if (!isWindowed(from)) return { name: node.name, value }
  return {
    name: node.name,
    value,
    ...(node.building.streamTime ? { retention: forEver } : {}),
    ...(node.hasLate(undefined) ? { late: node.keepLate(undefined, from.key, from.value) } : {}),
  }
}
