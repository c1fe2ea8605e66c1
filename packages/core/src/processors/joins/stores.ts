/** The stores of a stream-stream join, as a checkpoint knows them: `<node>/left`, `<node>/left-parts`, and so on. */
import { bytes } from '../../serde/bytes.ts'
import type { Serde } from '../../serde/serde.ts'
import { dueStore, engineStore } from '../../state/key-value.ts'
import { keyRowsSerde, partSerde } from './key-rows.ts'
import type { SideStores } from './join-side.ts'
import type { StreamTimeStores } from './stream-time-join.ts'

/** Times at which rows wait are kept in memory, in order: one a millisecond at most. */
const waitingTimesMax = 10_000_000

export interface SideStoresOptions {
  /** `<node>/<side>` */
  readonly name: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** An outer side. */
  readonly waits: boolean
  readonly streamTime: boolean
}

export function sideStores(options: SideStoresOptions): SideStores {
  const { name, key, value, waits, streamTime } = options
  return Object.freeze({
    rows: engineStore(name, { key, value: keyRowsSerde(value.name) }),
    parts: engineStore(`${name}-parts`, { key: bytes(), value: partSerde(value.name) }),
    expiry: dueStore(`${name}-expiry`),
    waiting: waits ? dueStore(`${name}-waiting`, bytes()) : undefined,
    times:
      waits && streamTime
        ? engineStore<number, number>(`${name}-times`, {
            scope: 'task',
            ordered: true,
            orderedKeysMax: waitingTimesMax,
          })
        : undefined,
  } satisfies SideStores)
}

/** `waits`: of some side. */
export function streamTimeStores(name: string, waits: boolean): StreamTimeStores {
  return Object.freeze({
    times: engineStore(`${name}/times`, { scope: 'task' }),
    line: waits ? dueStore(`${name}/line`, bytes()) : undefined,
  } satisfies StreamTimeStores)
}
