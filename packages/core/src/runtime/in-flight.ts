/**
 * Rows in flight at a freeze, as bytes: key, value, time, T, headers and origin, under their order in the line. They are
 * absolute puts and deletes in the delta of the store `inflight/<node>`, like any other state (law 2: the state is the
 * fold of the inputs *less the rows in flight listed there*).
 */
import { MillraceError, messageOf } from '../errors.ts'
import { msgpack } from '../serde/msgpack.ts'
import type { StoreDelta } from '../checkpoint/record.ts'
import { KeptOrigin } from './origin.ts'
import type { AsyncNode } from '../processors/async-node.ts'
import type { Crossing, RowEntry, StageQueue } from './stage-queue.ts'

/** A row in flight is written with its source bytes: several times what its source accepts. */
const codec = msgpack<readonly unknown[]>({ bytesMax: 256 * 1024 * 1024, depthMax: 1_000 })
const storePrefix = 'inflight/'

/** Stores of the engine's own. */
export function isInFlight(store: string): boolean {
  return store.startsWith(storePrefix)
}

/** Remembers which rows the checkpoint already lists, so that a delta holds changes only. */
export class InFlightStore {
  readonly #saved: Map<number, string> = new Map()

  /** Puts for rows that came, deletes for rows that went since the last freeze. */
  delta(queues: readonly StageQueue[]): readonly StoreDelta[] {
    const stores = new Map<string, StoreDelta['ops'][number][]>()
    const opsOf = (store: string): StoreDelta['ops'][number][] => {
      const ops = stores.get(store) ?? []
      stores.set(store, ops)
      return ops
    }
    const alive = new Set<number>()
    for (const queue of queues) {
      for (const entry of queue.entries()) {
        if (entry.kind !== 'row') continue
        alive.add(entry.seq)
        if (this.#saved.has(entry.seq)) continue
        const store = storePrefix + nameOf(entry.from)
        this.#saved.set(entry.seq, store)
        opsOf(store).push({ key: keyOf(entry.seq), value: encodeAt(entry) })
      }
    }
    for (const [seq, store] of this.#saved) {
      if (alive.has(seq)) continue
      this.#saved.delete(seq)
      opsOf(store).push({ key: keyOf(seq), value: null })
    }
    return [...stores].map(([store, ops]) => ({ store, ops }))
  }

  /** Puts the rows of a restored checkpoint back in line. Returns the highest order number seen. */
  restore(
    state: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>,
    places: ReadonlyMap<string, { from: AsyncNode | Crossing; queue: StageQueue }>,
  ): number {
    const rows: { seq: number; name: string; bytes: Uint8Array }[] = []
    for (const [store, entries] of state) {
      if (!isInFlight(store)) continue
      for (const [hex, bytes] of entries)
        rows.push({ seq: parseInt(hex, 16), name: store.slice(storePrefix.length), bytes })
    }
    rows.sort((a, b) => a.seq - b.seq)
    for (const { seq, name, bytes } of rows) {
      const place = places.get(name)
      if (place === undefined) {
        throw new MillraceError(
          'MILLRACE_TOPOLOGY_CHANGED',
          `the checkpoint holds rows in flight in ${name}, which this topology does not have: start the old version once and stop it gracefully, so that nothing is in flight`,
        )
      }
      const [key, value, time, watermark, headers, origin, change] = codec.decode(bytes) as [
        unknown,
        unknown,
        number,
        number | null,
        [string, Uint8Array][] | null,
        [string, string, string, Uint8Array | null, Uint8Array | null] | null,
        [boolean, unknown, boolean, boolean] | undefined,
      ]
      this.#saved.set(seq, storePrefix + name)
      if (watermark !== null) place.queue.time(watermark)
      place.queue.restore({
        seq,
        from: place.from,
        key,
        value,
        time,
        watermark: watermark ?? -Infinity,
        headers: headers === null ? undefined : new Map(headers),
        change:
          change === undefined
            ? undefined
            : { old: change[0] ? change[1] : undefined, latest: change[2], final: change[3] },
        origin:
          origin === null
            ? undefined
            : new KeptOrigin(
                origin[0],
                origin[1],
                origin[2],
                origin[3] ?? undefined,
                origin[4] ?? undefined,
              ),
      })
    }
    return rows.at(-1)?.seq ?? 0
  }
}

function nameOf(from: AsyncNode | Crossing): string {
  return 'node' in from ? from.node.name : from.name
}

/** Without the node's name nobody would know which value it is that cannot be written. */
function encodeAt(entry: RowEntry): Uint8Array {
  try {
    return encode(entry)
  } catch (cause) {
    const { origin } = entry
    throw new MillraceError(
      'MILLRACE_ENCODE',
      `a row in flight cannot be kept in a commit: ${messageOf(cause)}. Give the step above this node plain data only`,
      {
        at: {
          node: nameOf(entry.from),
          ...(origin === undefined ? {} : { split: origin.split, position: origin.position }),
        },
        cause,
      },
    )
  }
}

function encode(entry: RowEntry): Uint8Array {
  const { origin, change } = entry
  return codec.encode([
    entry.key,
    entry.value,
    entry.time,
    Number.isFinite(entry.watermark) ? entry.watermark : null,
    entry.headers === undefined ? null : [...entry.headers],
    origin === undefined
      ? null
      : [
          origin.source,
          origin.split,
          origin.position,
          origin.bytes() ?? null,
          origin.keyBytes() ?? null,
        ],
    ...(change === undefined
      ? []
      : [[change.old !== undefined, change.old ?? null, change.latest, change.final]]),
  ])
}

/** Eight bytes, big-endian: key order is the order of the line. */
function keyOf(seq: number): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(seq / 2 ** 32))
  view.setUint32(4, seq >>> 0)
  return bytes
}
