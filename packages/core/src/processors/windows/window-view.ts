/**
 * How people read the stores of windowed aggregates: windows by key and start, sessions by key and end, as long as lookups of other
 * nodes see them. All windows of a key are read in one go, so they belong to one moment.
 */
import { MillraceError } from '../../errors.ts'
import type { Serde } from '../../serde/serde.ts'
import { compareBytes } from '../../state/byte-order.ts'
import type {
  Pair,
  Pairs,
  StoreReader,
  StoreTimes,
  StoreView,
  ViewContext,
} from '../../state/stored-rows.ts'
import { between, pairsOf, readOnly } from '../../state/views.ts'
import { sessionForgottenAt } from '../../time/sessions.ts'
import { slidingForgottenAt } from '../../time/sliding.ts'
import { closesAt, gridOf } from '../../time/time-windows.ts'
import type { AnyWindow, Windowed } from '../../time/windows.ts'
import type { EntryStores } from './entry-stores.ts'
import { KeyedEntries } from './keyed-entries.ts'
import type { Entry } from './keyed-entries.ts'
import type { SessionEntry } from './session.ts'

/** What every kind of entry has. */
interface AnyEntry extends Entry {
  readonly aggregate: unknown
}

/** What the entries of one kind of window say to the outside. */
interface Outside<E> {
  readonly shape: 'window' | 'session'
  /** Where an entry of that window would stand. */
  readonly placeOf: (windowed: Windowed<unknown>) => number
  readonly startOf: (entry: E) => number
  readonly endOf: (entry: E) => number
  /** The first T at which nobody can see it any more. */
  readonly forgottenAt: (entry: E, times: StoreTimes) => number
}

/** The stores of a node, whose windows people may ask for. */
export function viewed<E extends AnyEntry>(
  stores: EntryStores<E>,
  window: AnyWindow,
  key: Serde<unknown>,
  retentionMs: number,
): EntryStores<E> {
  const outside = outsideOf(window, retentionMs) as Outside<E>
  const view: StoreView = {
    shape: outside.shape,
    open: (ctx) => new WindowReader(stores, outside, key, ctx),
  }
  return { ...stores, store: Object.freeze({ ...stores.store, view }) }
}

function outsideOf(window: AnyWindow, retentionMs: number): Outside<never> {
  switch (window.kind) {
    case 'session':
      return {
        shape: 'session',
        placeOf: ({ end }) => end,
        startOf: ({ start }: SessionEntry) => start,
        endOf: ({ at }: SessionEntry) => at,
        forgottenAt: ({ at }: SessionEntry, { usesStreamTime }) =>
          sessionForgottenAt(window, at, retentionMs, usesStreamTime),
      } satisfies Outside<SessionEntry> as Outside<never>
    case 'sliding':
      return windows(window.diffMs, (start) => slidingForgottenAt(window, start, retentionMs))
    default: {
      const grid = gridOf(window)
      return windows(grid.sizeMs, (start) => closesAt(grid, start) + retentionMs)
    }
  }
}

function windows(sizeMs: number, forgottenAt: (start: number) => number): Outside<never> {
  return {
    shape: 'window',
    placeOf: ({ start }) => start,
    startOf: ({ at }: Entry) => at,
    endOf: ({ at }: Entry) => at + sizeMs,
    forgottenAt: ({ at }: Entry) => forgottenAt(at),
  } satisfies Outside<Entry> as Outside<never>
}

class WindowReader<E extends AnyEntry> implements StoreReader {
  readonly #name: string
  readonly #outside: Outside<E>
  readonly #key: Serde<unknown>
  readonly #ctx: ViewContext
  readonly #entries: KeyedEntries<E>

  constructor(
    { store, parts }: EntryStores<E>,
    outside: Outside<E>,
    key: Serde<unknown>,
    ctx: ViewContext,
  ) {
    const backing = readOnly(ctx)
    this.#name = store.name
    this.#outside = outside
    this.#key = key
    this.#ctx = ctx
    this.#entries = new KeyedEntries(store.open(backing), parts.open(backing))
  }

  get(asked: unknown): unknown {
    const windowed = this.#windowed(asked)
    if (!this.#entries.select(windowed.key)) return undefined
    const entry = this.#entries.find(this.#outside.placeOf(windowed))
    if (entry === undefined || !this.#isSeen(entry)) return undefined
    return this.#outside.startOf(entry) === windowed.start ? entry.aggregate : undefined
  }

  ofKey(key: unknown, from: number, to: number): readonly Pair[] {
    const { startOf, endOf } = this.#outside
    return this.#select(key, from)
      .filter((entry) => startOf(entry) <= to)
      .map((entry) => [{ key, start: startOf(entry), end: endOf(entry) }, entry.aggregate])
  }

  between(from: unknown, to: unknown, reverse: boolean): Pairs {
    const low = from === undefined ? undefined : this.#windowed(from)
    const high = to === undefined ? undefined : this.#windowed(to)
    const rows = this.#ctx.rows(this.#name)
    return pairsOf(between(rows, this.#key, low?.key, high?.key, reverse), (row) => {
      const pairs = this.ofKey(this.#key.decode(row.key), -Infinity, Infinity).filter(
        ([key]) =>
          (low === undefined || this.#order(row.key, key as Windowed<unknown>, low) >= 0) &&
          (high === undefined || this.#order(row.key, key as Windowed<unknown>, high) <= 0),
      )
      return reverse ? pairs.reverse() : pairs
    })
  }

  /** Those of a key that stand there or behind. */
  #select(key: unknown, from: number): readonly E[] {
    const found: E[] = []
    if (!this.#entries.select(key)) return found
    for (let entry = this.#entries.ceiling(from); entry !== undefined; entry = this.#entries.next())
      if (this.#isSeen(entry)) found.push(entry)
    return found
  }

  #isSeen(entry: E): boolean {
    const { times } = this.#ctx
    return this.#outside.forgottenAt(entry, times) > times.operatorTime()
  }

  /** First the key, then where the window stands. */
  #order(bytes: Uint8Array, windowed: Windowed<unknown>, bound: Windowed<unknown>): number {
    const { placeOf } = this.#outside
    return compareBytes(bytes, this.#key.encode(bound.key)) || placeOf(windowed) - placeOf(bound)
  }

  #windowed(asked: unknown): Windowed<unknown> {
    const { start, end } = (asked ?? {}) as Partial<Windowed<unknown>>
    if (typeof start === 'number' && typeof end === 'number') return asked as Windowed<unknown>
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `the keys of the store ${this.#name} are windows: ask for { key, start, end }, or for all of a key with ${this.#outside.shape === 'session' ? 'sessions' : 'windows'}(key)`,
    )
  }
}
