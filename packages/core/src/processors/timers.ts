/**
 * Timers: one per node, key, kind and time, in due stores of the node, so they are part of the commit and move with their key. The lowest
 * is taken and deleted before it fires: it can be set again, and one that its own call sets is found in its place.
 */
import { MillraceError } from '../errors.ts'
import type { Serde } from '../serde/serde.ts'
import { dueStore } from '../state/key-value.ts'
import type { DueStore, StoreSpec } from '../state/store.ts'
import type { Node } from './node.ts'
import type { TimerKind } from './processor.ts'

export interface TimerStores {
  readonly key: Serde<unknown>
  readonly event: StoreSpec<DueStore<null>>
  readonly processing: StoreSpec<DueStore<null>>
}

export function timerStores(node: string, key: Serde<unknown>): TimerStores {
  const of = (name: string): StoreSpec<DueStore<null>> =>
    Object.freeze({ ...dueStore<null>(name), facts: `timers key=${key.name}` })
  return Object.freeze({
    key,
    event: of(`${node}/timers`),
    processing: of(`${node}/processing-timers`),
  })
}

export interface DueTimer {
  readonly key: unknown
  readonly time: number
}

/** How far ahead of the wall clock the next timer is looked for: a quiet task looks around more often. */
const aheadMs = 1_000

export class Timers {
  readonly #key: Serde<unknown>
  readonly #event: DueStore<null>
  readonly #processing: DueStore<null>
  /** No timer by processing time is known to be due before. */
  #nextProcessing = -Infinity

  constructor(stores: TimerStores, node: Node) {
    this.#key = stores.key
    this.#event = node.store(stores.event)
    this.#processing = node.store(stores.processing)
  }

  set(key: unknown, time: number, kind: TimerKind): void {
    if (!Number.isSafeInteger(time))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `timer(${time}): give a time as whole milliseconds since 1970`,
      )
    this.#storeOf(kind).put(time, this.#key.encode(key), null)
    if (kind === 'processing' && time < this.#nextProcessing) this.#nextProcessing = time
  }

  remove(key: unknown, time: number, kind: TimerKind): void {
    if (Number.isSafeInteger(time)) this.#storeOf(kind).delete(time, this.#key.encode(key))
  }

  /** The lowest one whose time is at most this; it is set no more. */
  take(upTo: number, kind: TimerKind): DueTimer | undefined {
    const store = this.#storeOf(kind)
    const due = store.first(upTo)
    if (due === undefined) {
      if (kind === 'processing')
        this.#nextProcessing = store.first(upTo + aheadMs)?.time ?? upTo + aheadMs
      return undefined
    }
    const { time, id } = due
    const key = this.#key.decode(id)
    store.delete(time, id)
    return { key, time }
  }

  get nextProcessing(): number {
    return this.#processing.size === 0 ? Infinity : this.#nextProcessing
  }

  #storeOf(kind: TimerKind): DueStore<null> {
    return kind === 'event' ? this.#event : this.#processing
  }
}
