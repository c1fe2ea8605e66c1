/**
 * SessionAggregate: rows of a key that are at most the gap apart are one session (bounds: time/windows.ts, time/sessions.ts).
 *
 * A row merges the sessions it finds, from the initializer on, in the order of time, and is added last. Unless that is a session
 * of its one instant, each of the found ones leaves with a tombstone before the merged one is shown. Under stream time a closed
 * session is found, too, as in Kafka Streams; under the watermark it is out of reach, kept for queries or gone.
 *
 * The due entry of a close lies where the session closed when it was put there (`dueAt`). When that time comes and the session has
 * grown, the entry moves to where it closes now: a row that lengthens a session moves none. No two sessions are due at one time:
 * both would contain the instant at which they ended then.
 */
import type { Serde } from '../../serde/serde.ts'
import {
  endOfClosing,
  sessionBound,
  sessionClosesAt,
  sessionForgottenAt,
} from '../../time/sessions.ts'
import type { SessionWindow, Windowed } from '../../time/windows.ts'
import type { TableEntry } from '../processor.ts'
import { entryStores } from './entry-stores.ts'
import type { EntryForm, EntryStores } from './entry-stores.ts'
import { KeyedWindows, dueTo } from './keyed-windows.ts'
import type { Add } from './options.ts'

export interface SessionEntry {
  /** Its end: the time of its last row. */
  readonly at: number
  readonly start: number
  readonly aggregate: unknown
  /** Where its due entry lies. 0: there is none, because it was emitted or is not to be. */
  dueAt: number
}

export class SessionAggregate extends KeyedWindows<SessionWindow, SessionEntry> {
  /** Of the row in progress: the sessions it merges, and their values for those below who want old ones. */
  readonly #found: SessionEntry[] = []
  readonly #olds: unknown[] = []

  take(key: unknown, value: unknown, time: number, side: number): void {
    const { node } = this
    const T = this.observe(time, side)
    const bound = sessionBound(this.options.window, T)
    const found = this.#find(key, time, node.usesStreamTime ? -Infinity : bound)
    const start = found.length > 0 ? Math.min(time, found[0]!.start) : time
    const end = found.length > 0 ? Math.max(time, found[found.length - 1]!.at) : time
    if (end < bound) {
      node.counters.note('expired-window')
      node.late(key, value, 'late', [{ start, end }], T)
      return
    }
    let aggregate: unknown
    try {
      aggregate = this.resultOf(this.#merge(key, value, this.options.adds[side]!))
    } catch (error) {
      node.fail(error)
      return
    }
    this.#replace(key, start, end, aggregate)
    if (this.updates) {
      node.counters.forwarded++
      this.#show(key, start, end, aggregate)
    } else node.counters.absorbed++
  }

  closeAt(key: unknown, at: number, id: Uint8Array): void {
    const { window } = this.options
    const wasEnd = endOfClosing(window, at)
    const session = this.entries.ceiling(wasEnd)
    if (session?.dueAt !== at) return
    const grown = session.at !== wasEnd
    session.dueAt = grown ? sessionClosesAt(window, session.at) : 0
    this.entries.replace(session.at, session)
    if (grown) this.due.put(session.dueAt, id, null)
    else
      this.showFinal({ key, start: session.start, end: session.at }, session.aggregate, session.at)
  }

  forgottenAt({ at }: SessionEntry): number {
    const { window, retentionMs } = this.options
    return sessionForgottenAt(window, at, retentionMs, this.node.usesStreamTime)
  }

  placeOf({ end }: Windowed<unknown>): number {
    return end
  }

  seen({ at, start, aggregate }: SessionEntry, asked: Windowed<unknown>): TableEntry | undefined {
    return start === asked.start ? { value: aggregate, time: at } : undefined
  }

  /** Sessions end at different times and never touch, so those in reach stand side by side. */
  #find(key: unknown, time: number, bound: number): readonly SessionEntry[] {
    const { entries } = this
    const { gapMs } = this.options.window
    const found = this.#found
    found.length = 0
    if (!entries.select(key)) return found
    let session = entries.ceiling(Math.max(time - gapMs, bound))
    for (; session !== undefined && session.start <= time + gapMs; session = entries.next())
      found.push(session)
    return found
  }

  #merge(key: unknown, value: unknown, add: Add): unknown {
    const { init, merge } = this.options
    const found = this.#found
    this.#olds.length = 0
    let aggregate = init()
    for (let i = 0; i < found.length; i++) {
      this.#olds.push(this.oldOf(found[i]!.aggregate))
      aggregate = merge!(aggregate, this.given(found[i]!.aggregate), key)
    }
    return add(aggregate, value, key)
  }

  #replace(key: unknown, start: number, end: number, aggregate: unknown): void {
    const { entries, due } = this
    const found = this.#found
    const last = found[found.length - 1]
    const kept = aggregate === null ? undefined : last
    let id: Uint8Array | undefined
    for (let i = 0; i < found.length; i++) {
      const session = found[i]!
      if (session === kept) continue
      entries.remove(session.at)
      if (session.dueAt > 0) due.delete(session.dueAt, (id ??= this.idOf(key, dueTo.close)))
    }
    if (aggregate === null) return
    // Sessions are emitted in the order of time: if the last one was, all were.
    let dueAt = kept?.dueAt ?? 0
    if (this.finals && dueAt === 0) {
      dueAt = sessionClosesAt(this.options.window, end)
      due.put(dueAt, (id ??= this.idOf(key, dueTo.close)), null)
    }
    const session: SessionEntry = { at: end, start, aggregate, dueAt }
    if (kept === undefined) this.add(key, session)
    else entries.replace(kept.at, session)
  }

  #show(key: unknown, start: number, end: number, aggregate: unknown): void {
    const found = this.#found
    const olds = this.#olds
    if (start === end) {
      // Kafka Streams tells no old value of a session, of one that was there neither.
      const old = this.node.usesStreamTime ? undefined : olds[0]
      this.show({ key, start, end }, aggregate, old, end)
      return
    }
    for (let i = 0; i < found.length; i++) {
      const session = found[i]!
      this.show({ key, start: session.start, end: session.at }, null, olds[i], session.at)
    }
    this.show({ key, start, end }, aggregate, undefined, end)
  }
}

const form: EntryForm<SessionEntry> = {
  name: 'sessions',
  times: 3,
  write({ at, start, dueAt }, view, offset) {
    view.setFloat64(offset, at)
    view.setFloat64(offset + 8, start)
    view.setFloat64(offset + 16, dueAt)
  },
  read: (view, offset, aggregate) => ({
    at: view.getFloat64(offset),
    start: view.getFloat64(offset + 8),
    dueAt: view.getFloat64(offset + 16),
    aggregate,
  }),
}

export function sessionStores(
  name: string,
  key: Serde<unknown>,
  value: Serde<unknown>,
): EntryStores<SessionEntry> {
  return entryStores(name, form, key, value)
}
