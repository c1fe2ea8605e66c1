/** Suppress: checks what the user asked for, finds the windows it waits for, adds the node. */
import { MillraceError } from '../errors.ts'
import { string } from '../serde/string.ts'
import { dueStore, engineStore } from '../state/key-value.ts'
import { Suppress } from '../processors/tables/suppress.ts'
import type { Buffered, Change, Suppression } from '../processors/tables/suppress.ts'
import { SuppressedFacts } from '../processors/table-facts.ts'
import { durationMs } from '../time/duration.ts'
import { derivedName } from '../topology/graph.ts'
import type { GraphNode } from '../topology/graph-node.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { BufferOptions, SuppressOptions } from './ktable.ts'
import { always, serdesOf } from './table-node.ts'

export function suppressed(cursor: Cursor, options: SuppressOptions): Cursor {
  const { build, node, table } = cursor
  const waits = waitOf(node, options)
  const limits = limitsOf(options)
  const name = options.name ?? derivedName([node], 'suppress')
  const { key, value } = serdesOf({}, cursor)
  const bounded = Number.isFinite(limits.maxBytes)
  const suppression: Suppression = {
    until: options.until,
    ...waits,
    ...limits,
    key,
    value,
    buffer: engineStore<unknown, Buffered>(`${name}/buffer`, { key }),
    due: dueStore(`${name}/due`),
    line: dueStore<Change>(`${name}/line`),
    bytes: bounded
      ? engineStore<string, number>(`${name}/bytes`, { key: string(), scope: 'task' })
      : undefined,
  }
  const { buffer, due, line, bytes } = suppression
  // The old values are what a buffered key looks like to those who read it.
  const facts = new SuppressedFacts(table!)
  facts.tellOld(true)
  const added = addRow(build, 'suppress', options, {
    inputs: [node],
    make: () => new Suppress(suppression),
    atMostOne: false,
    stateful: true,
    stores: always(buffer, due, line, ...(bytes === undefined ? [] : [bytes])),
    reads: [node],
    params: { until: options.until, value: value.name },
  })
  return { ...cursor, node: added, table: facts }
}

type Waits = Pick<Suppression, 'waitMs' | 'endIncluded'>

function waitOf(node: GraphNode, options: SuppressOptions): Waits {
  switch (options.until) {
    case 'timeLimit':
      return { waitMs: durationMs(options.after, 'suppress: after'), endIncluded: true }
    case 'windowCloses':
      return closeOf(node, node)
    default:
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `suppress: until is ${JSON.stringify((options as { until?: unknown }).until)}: say 'windowCloses' or 'timeLimit'`,
      )
  }
}

/** When the windows above are closed for good; of several aggregates that meet, the last. */
function closeOf(node: GraphNode, from: GraphNode): Waits {
  const { window, graceMs, gapMs } = node.params
  switch (window) {
    case 'time':
      return { waitMs: Number(graceMs), endIncluded: false }
    case 'sliding':
      return { waitMs: Number(graceMs), endIncluded: true }
    case 'session':
      return { waitMs: Number(graceMs) + Number(gapMs), endIncluded: true }
    case 'unlimited':
      throw new MillraceError(
        'MILLRACE_TOPOLOGY',
        `suppress until 'windowCloses' would wait for ever: the windows of ${node.name} are unlimited. Suppress for a time limit`,
        { at: { node: from.name } },
      )
    default:
      return closeOfInputs(node, from)
  }
}

function closeOfInputs(node: GraphNode, from: GraphNode): Waits {
  const above =
    node.kind === 'source' && node.repartition !== undefined ? node.repartition.inputs : node.inputs
  if (above.length === 0)
    throw new MillraceError(
      'MILLRACE_TOPOLOGY',
      `suppress until 'windowCloses' needs a windowed table, and rows come to ${from.name} from ${node.name}, which has no windows: call windowedBy(...) above it, or suppress for a time limit`,
      { at: { node: from.name } },
    )
  const closes = above.map((input) => closeOf(input, from))
  return {
    waitMs: Math.max(...closes.map(({ waitMs }) => waitMs)),
    endIncluded: closes.some(({ endIncluded }) => endIncluded),
  }
}

type Limits = Pick<Suppression, 'maxRecords' | 'maxBytes' | 'whenFull'>

function limitsOf({ until, buffer = {} }: SuppressOptions): Limits {
  const { whenFull } = buffer as BufferOptions
  if (until === 'windowCloses' && whenFull === 'emitEarly')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `suppress until 'windowCloses' promises one final result, so nothing may leave early: leave buffer.whenFull out, or suppress for a time limit`,
    )
  return {
    maxRecords: limit('maxRecords', buffer.maxRecords),
    maxBytes: limit('maxBytes', buffer.maxBytes),
    whenFull: whenFull ?? (until === 'windowCloses' ? 'shutDown' : 'emitEarly'),
  }
}

function limit(name: string, value: number | undefined): number {
  if (value === undefined) return Infinity
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `suppress: buffer.${name} is ${String(value)}: give a whole number above 0`,
  )
}
