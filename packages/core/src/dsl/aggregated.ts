/**
 * Aggregated: adds the node of a count, reduce, aggregate or cogroup of grouped streams: places the rows of each by their key, names
 * node and stores, and says what a checkpoint must agree with.
 */
import { Aggregate } from '../processors/aggregate.ts'
import { AggregateFacts } from '../processors/table-facts.ts'
import { copyOf } from '../processors/copy.ts'
import { SessionAggregate, sessionStores } from '../processors/windows/session.ts'
import { SlidingAggregate, slidingStores } from '../processors/windows/sliding.ts'
import { TimeWindowAggregate, timeStores } from '../processors/windows/time-window.ts'
import type { Add, EmitWhen, WindowAggregate } from '../processors/windows/options.ts'
import { viewed } from '../processors/windows/window-view.ts'
import { bytes } from '../serde/bytes.ts'
import { msgpack } from '../serde/msgpack.ts'
import { int64 } from '../serde/number.ts'
import type { Serde } from '../serde/serde.ts'
import { timed } from '../serde/timed.ts'
import { sessionWindowed, timeWindowed } from '../serde/windowed.ts'
import { checkName, dueStore, engineStore } from '../state/key-value.ts'
import type { StoreSpec } from '../state/store.ts'
import { timedView } from '../state/views.ts'
import { durationMs } from '../time/duration.ts'
import type { AnyWindow, Windowed } from '../time/windows.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow } from './cursor.ts'
import type { Cursor, NewRow } from './cursor.ts'
import type { WindowOptions } from './kgrouped.ts'
import type { TableOptions } from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import { placed } from './placed.ts'
import { windowFacts, windowName } from './window-names.ts'

/** One grouped stream, and what adds its rows. */
export interface Side {
  readonly cursor: Cursor
  readonly partitions: number | undefined
  /** The name that the user gave its repartition log. */
  readonly log: string | undefined
  readonly add: Add
}

export interface Aggregation {
  readonly verb: 'count' | 'reduce' | 'aggregate' | 'cogroup'
  readonly sides: readonly Side[]
  readonly init: () => unknown
  readonly merge?: WindowAggregate<never>['merge']
}

/** Where an aggregate stands: its placed inputs, its name, and the serdes of its store. */
interface Place {
  readonly name: string
  readonly rows: readonly Cursor[]
  readonly adds: readonly Add[]
  readonly store: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

/** All rows of a key. */
export function aggregateRows(aggregation: Aggregation, options: TableOptions): Cursor {
  const place = placeOf(aggregation, aggregation.verb, options)
  const { key, value, adds } = place
  const facts = new AggregateFacts()
  const store = engineStore(place.store, { key, value: timed(value) }, timedView)
  const { init } = aggregation
  const node = {
    make: () => new Aggregate({ init, adds, facts, value, store }),
    stores: storesOf(store),
    params: {},
  }
  return latestOf(tableAt(aggregation.verb, place, node, facts, key, options), options)
}

/** The rows of a key in windows. */
export function aggregateWindows(
  aggregation: Aggregation,
  window: AnyWindow,
  emit: EmitWhen,
  options: WindowOptions<unknown, unknown>,
): Cursor {
  const { verb, init, merge } = aggregation
  const place = placeOf(aggregation, `${verb}-${windowName(window)}`, options)
  const { key, value, adds } = place
  const facts = new AggregateFacts()
  const retentionMs =
    options.retention === undefined ? 0 : durationMs(options.retention, 'retention')
  const due = dueStore(`${place.store}/due`)
  const params = { ...windowFacts(window), emit }
  const line =
    emit !== 'update' && place.rows[0]!.build.clock === 'streamTime'
      ? {
          store: dueStore(`${place.store}/line`, bytes()),
          values: place.rows.map((rows) => rows.value!),
        }
      : undefined
  const shared = { init, adds, merge, emit, facts, key, value, due, line, retentionMs }
  const node = { ...windowNode(window, place.store, shared), params }
  const table = tableAt(verb, place, node, facts, windowedKey(window, key), options)
  sendLate(table, key, options)
  return latestOf(table, options)
}

function windowNode(
  window: AnyWindow,
  name: string,
  shared: Omit<WindowAggregate<AnyWindow>, 'window' | 'store'>,
): Omit<Made, 'params'> {
  const { key, value, due, line, retentionMs } = shared
  const dues = line === undefined ? [due] : [due, line.store]
  switch (window.kind) {
    case 'session': {
      const specs = viewed(sessionStores(name, key, value), window, key, retentionMs)
      return {
        make: () => new SessionAggregate({ ...shared, ...specs, window }),
        stores: storesOf(specs.store, specs.parts, ...dues),
      }
    }
    case 'sliding': {
      const specs = viewed(slidingStores(name, key, value), window, key, retentionMs)
      return {
        make: () => new SlidingAggregate({ ...shared, ...specs, window }),
        stores: storesOf(specs.store, specs.parts, ...dues),
      }
    }
    default: {
      const specs = viewed(timeStores(name, key, value), window, key, retentionMs)
      return {
        make: () => new TimeWindowAggregate({ ...shared, ...specs, window }),
        stores: storesOf(specs.store, specs.parts, ...dues),
      }
    }
  }
}

type Made = Required<Pick<NewRow, 'make' | 'stores' | 'params'>>

function placeOf(
  { verb, sides }: Aggregation,
  called: string,
  options: TableOptions | WindowOptions<unknown, unknown>,
): Place {
  const nodes = sides.map(({ cursor }) => cursor.node)
  const name = options.name ?? derivedName(nodes, called)
  if (options.store !== undefined) checkName(options.store)
  // Sides that cross a log come to where the others are.
  const { cursor: meets } = sides.find(({ cursor }) => !cursor.rekeyed) ?? sides[0]!
  const rows = sides.map(({ cursor, partitions, log }, i) =>
    placed(cursor, log ?? (sides.length === 1 ? name : `${name}-${i + 1}`), {
      partitions,
      meets,
      ...(options.onError === undefined ? {} : { onError: options.onError }),
    }),
  )
  const first = rows[0]!
  const ownKey = 'key' in options ? (options.key as Serde<unknown> | undefined) : undefined
  const value =
    (options.value as Serde<unknown> | undefined) ??
    (verb === 'reduce' ? first.value! : verb === 'count' ? whole : msgpack<unknown>())
  return {
    name,
    rows,
    adds: sides.map(({ add }) => (verb === 'count' ? add : ownedBy(add, value))),
    store: options.store ?? name,
    key: ownKey ?? first.key!,
    value,
  }
}

/** What counts are kept with. */
const whole = int64() as Serde<any>

/** A row's value belongs to the row: an aggregate that is the value itself is a copy of it. */
function ownedBy(add: Add, serde: Serde<unknown>): Add {
  return (aggregate, value, key) => {
    const next = add(aggregate, value, key)
    return next === value ? copyOf(next, serde) : next
  }
}

function tableAt(
  verb: string,
  { name, rows, value }: Place,
  node: Made,
  facts: AggregateFacts,
  key: Serde<unknown>,
  options: TableOptions | WindowOptions<unknown, unknown>,
): Cursor {
  const { build } = rows[0]!
  const added = addRow(build, verb, options, {
    ...node,
    inputs: rows.map((cursor) => cursor.node),
    atMostOne: false,
    stateful: true,
    derived: name,
  })
  return { build, node: added, key, value, rekeyed: false, table: facts }
}

/** The stream of rows that were too late for every window, under the key by which they were grouped. */
function sendLate(
  table: Cursor,
  key: Serde<unknown>,
  { late }: WindowOptions<unknown, unknown>,
): void {
  if (late === undefined) return
  const { build } = table
  const node = build.graph.add(
    {
      kind: 'side-output',
      inputs: [table.node],
      params: {},
      onError: undefined,
      output: 'late',
    },
    { shown: `${table.node.name}.late` },
  )
  const stream = build.stream({ build, node, key, value: undefined, rekeyed: false })
  if (typeof late === 'function') late(stream as never)
  else (stream as { to(sink: unknown): void }).to(late)
}

function windowedKey(window: AnyWindow, key: Serde<unknown>): Serde<unknown> {
  const serde: Serde<Windowed<unknown>> =
    window.kind === 'session'
      ? sessionWindowed(key)
      : timeWindowed(
          key,
          window.kind === 'time'
            ? window.sizeMs
            : window.kind === 'sliding'
              ? window.diffMs
              : Infinity,
        )
  return serde as Serde<unknown>
}

function storesOf(...specs: readonly StoreSpec[]): () => readonly StoreSpec[] {
  const frozen = Object.freeze([...specs])
  return () => frozen
}
