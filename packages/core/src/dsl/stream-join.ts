/** Joins of two streams: checks, places both sides, adds the node. */
import { MillraceError } from '../errors.ts'
import type { Late } from '../processors/node.ts'
import type { SideOptions } from '../processors/joins/join-side.ts'
import { sideStores, streamTimeStores } from '../processors/joins/stores.ts'
import type { Joiner } from '../processors/joins/stream-join.ts'
import { StreamTimeJoin } from '../processors/joins/stream-time-join.ts'
import { WatermarkJoin } from '../processors/joins/watermark-join.ts'
import type { Sink } from '../sink.ts'
import type { StoreSpec } from '../state/store.ts'
import { joinWindow, mirrored } from '../time/join-window.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { KStream, StreamJoinOptions } from './kstream.ts'
import { placed } from './placed.ts'
import type { JoinKind } from './table-handle.ts'

type SideName = 'left' | 'right'

export function joinStreams(
  left: Cursor,
  right: Cursor,
  kind: JoinKind,
  join: Joiner,
  options: StreamJoinOptions,
): Cursor {
  const { build } = left
  const window = joinWindow(options.within, options.grace, kind)
  const outer = { left: kind !== 'join', right: kind === 'outerJoin' }
  refuseLateOfOuter(kind, outer, options)
  const name = options.name ?? derivedName([left.node, right.node], kind)
  const sides = placedSides(left, right, name, outer, options)
  const key = sides.left.key!
  const streamTime = build.clock === 'streamTime'
  const sideOf = (side: SideName): SideOptions => {
    const value = sides[side].value!
    const waits = outer[side]
    return Object.freeze({
      name: side,
      window: side === 'left' ? window : mirrored(window),
      value,
      stores: sideStores({ name: `${name}/${side}`, key, value, waits, streamTime }),
    })
  }
  const parts = Object.freeze({ left: sideOf('left'), right: sideOf('right'), key, join })
  const own = streamTime ? streamTimeStores(name, outer.left || outer.right) : undefined
  const stores = storesOf([parts.left.stores, parts.right.stores, own])
  const node = addRow(
    build,
    kind,
    { ...options, name },
    {
      inputs: [sides.left.node, sides.right.node],
      make: () => (own === undefined ? new WatermarkJoin(parts) : new StreamTimeJoin(parts, own)),
      atMostOne: false,
      stateful: true,
      stores: () => stores,
      params: { before: window.beforeMs, after: window.afterMs, grace: window.graceMs },
    },
  )
  const joined: Cursor = { build, node, key, value: undefined, rekeyed: false }
  if (options.late !== undefined && left.build.clock === 'streamTime')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${kind}: no row is late for a join under stream time: take { late } away, or use the watermark`,
    )
  for (const side of ['left', 'right'] as const) addLate(joined, side, options.late?.[side])
  return joined
}

/** Both sides where rows of their key meet: by one serde of that key, else equal keys could lie in different splits. */
function placedSides(
  left: Cursor,
  right: Cursor,
  name: string,
  outer: Readonly<Record<SideName, boolean>>,
  options: StreamJoinOptions,
): Readonly<Record<SideName, Cursor>> {
  const key = options.key ?? left.key ?? right.key
  const place = (side: SideName, cursor: Cursor, meets: Cursor): Cursor =>
    placed(cursor, `${name}-${side}`, {
      key,
      value: options[side],
      meets,
      keepsNullKeys: outer[side],
      ...(options.onError === undefined ? {} : { onError: options.onError }),
    })
  const leftPlaced = place('left', left, right.rekeyed ? left : right)
  // A stream joined with itself crosses one log, once: each row is then the left one first, the right one next.
  if (left.node === right.node && left.rekeyed)
    return { left: leftPlaced, right: { ...leftPlaced, value: options.right ?? leftPlaced.value } }
  return { left: leftPlaced, right: place('right', { ...right, key: leftPlaced.key }, leftPlaced) }
}

function storesOf(groups: readonly (object | undefined)[]): readonly StoreSpec[] {
  return groups
    .flatMap((group) => Object.values(group ?? {}) as (StoreSpec | undefined)[])
    .filter((spec) => spec !== undefined)
}

/** A row of an outer side is never late: it leaves, if alone. */
function refuseLateOfOuter(
  kind: JoinKind,
  outer: Readonly<Record<SideName, boolean>>,
  { late }: StreamJoinOptions,
): void {
  for (const side of ['left', 'right'] as const)
    if (outer[side] && late?.[side] !== undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `${kind}: rows of the ${side} side are never late, they leave with null in place of a partner: take late.${side} away`,
      )
}

/** Rows of a side that came too late, as a stream of their own. */
function addLate(
  joined: Cursor,
  side: SideName,
  late: Sink<never> | ((late: KStream<unknown, Late<never>>) => void) | undefined,
): void {
  if (late === undefined) return
  const { build, key } = joined
  const output = `late-${side}`
  const node = build.graph.add(
    { kind: 'side-output', inputs: [joined.node], params: {}, onError: undefined, output },
    { shown: `${joined.node.name}.${output}` },
  )
  const stream = build.stream({ build, node, key, value: undefined, rekeyed: false }) as KStream<
    unknown,
    Late<never>
  >
  if (typeof late === 'function') late(stream)
  else stream.to(late as Sink<Late<never>>)
}
