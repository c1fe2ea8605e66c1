/**
 * `keyValueStore(...)`: the spec of a key-value store. Checks what can be checked where the operator wrote it, and freezes.
 */
import { MillraceError } from '../errors.ts'
import { keyCodec } from '../serde/key-codec.ts'
import { msgpack } from '../serde/msgpack.ts'
import type { Serde } from '../serde/serde.ts'
import { durationMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import type { DueStore, KeyValueStore, StoreScope, StoreSpec, Ttl } from './store.ts'
import { expiring } from './ttl.ts'
import { plainView } from './views.ts'
import type { ViewOf } from './views.ts'

export interface KeyValueOptions<K, V> {
  /** Default: the key codec. */
  readonly key?: Serde<K>
  /** Default: msgpack. */
  readonly value?: Serde<V>
  /** Default 'key'. */
  readonly scope?: StoreScope
  /** Processors range over it. Default false. */
  readonly ordered?: boolean
  /** Keys of an ordered store, which are kept in memory. Default 1_000_000. */
  readonly orderedKeysMax?: number
  /** Rows that nobody touches for so long are gone. Default: none ever is. */
  readonly ttl?: TtlOptions
}

export interface TtlOptions {
  readonly after: Duration
  /** The clock: 'event' depends on the rows alone. */
  readonly by: Ttl['by']
  /** What counts as a touch. Default 'write'. */
  readonly refresh?: Ttl['refresh']
}

export function keyValueStore<K = unknown, V = unknown>(
  name: string,
  options: KeyValueOptions<K, V> = {},
): StoreSpec<KeyValueStore<K, V>> {
  checkName(name)
  return engineStore(name, options, plainView)
}

/**
 * Of a node of ours, whose further stores are named `<store>/<part>`: no user's store can have such a name. With a view people may
 * ask it by its name.
 */
export function engineStore<K = unknown, V = unknown>(
  name: string,
  options: KeyValueOptions<K, V> = {},
  view?: ViewOf<K, V>,
): StoreSpec<KeyValueStore<K, V>> {
  const { key = keyCodec<K>(), value = msgpack<V>(), ordered = false } = options
  const { orderedKeysMax = 1_000_000 } = options
  if (!(Number.isSafeInteger(orderedKeysMax) && orderedKeysMax > 0))
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `store ${name}: orderedKeysMax is ${orderedKeysMax}: give a whole number above 0`,
    )
  const ttl = ttlOf(name, options.ttl)
  const rows = { name, key, value, ordered, orderedKeysMax }
  return Object.freeze({
    kind: 'millrace.store',
    name,
    shape: 'key-value',
    scope: options.scope ?? 'key',
    ordered,
    facts: `key-value key=${key.name} value=${value.name}${ttl === undefined ? '' : ` ttl by ${ttl.by} time`}`,
    retentionMs: undefined,
    ttl,
    view: view?.(rows, ttl),
    open: (backing) => (ttl === undefined ? backing.keyValue(rows) : expiring(backing, rows, ttl)),
  } satisfies StoreSpec<KeyValueStore<K, V>>)
}

function ttlOf(name: string, options: TtlOptions | undefined): Ttl | undefined {
  if (options === undefined) return undefined
  const afterMs = durationMs(options.after, `store ${name}: ttl`)
  if (afterMs === 0)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `store ${name}: rows with a ttl of 0 would never be there: give at least a millisecond`,
    )
  return Object.freeze({ afterMs, by: options.by, refresh: options.refresh ?? 'write' })
}

/** Order by time over all keys, beside a store of ours. */
export function dueStore<V = null>(
  name: string,
  value: Serde<V> = msgpack<V>(),
): StoreSpec<DueStore<V>> {
  return Object.freeze({
    kind: 'millrace.store',
    name,
    shape: 'due',
    scope: 'key',
    ordered: true,
    facts: `due value=${value.name}`,
    retentionMs: undefined,
    ttl: undefined,
    open: (backing) => backing.due({ name, value }),
  } satisfies StoreSpec<DueStore<V>>)
}

/** A slash is the engine's own: `inflight/<node>`. */
export function checkName(name: string): void {
  if (typeof name === 'string' && name !== '' && name.length <= 200 && !name.includes('/')) return
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `a store is named ${JSON.stringify(name)}: give 1 to 200 characters without a slash`,
  )
}
