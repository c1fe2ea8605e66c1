/**
 * The implementation behind KGrouped, KWindowed, KSessions and KCogrouped: what has been said so far of an aggregate. The node is
 * added by the verb that ends it.
 */
import { MillraceError } from '../errors.ts'
import type { Add, EmitWhen } from '../processors/windows/options.ts'
import type { AnyWindow } from '../time/windows.ts'
import { aggregateRows, aggregateWindows } from './aggregated.ts'
import type { Aggregation, Side } from './aggregated.ts'
import { cursorOf, holdCursor, otherCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { WindowOptions } from './kgrouped.ts'
import type { TableOptions } from './ktable.ts'
import { TableHandle } from './table-handle.ts'

type AnyWindowOptions = WindowOptions<any, any>
type Merge = NonNullable<Aggregation['merge']>
/** What the value of two aggregates is. */
type Reducer = (aggregate: unknown, value: unknown, key: unknown) => unknown

export class GroupedHandle {
  readonly #log: Pick<Side, 'partitions' | 'log'>

  /** `log`: what the user said of the repartition log that an aggregate may need. */
  constructor(cursor: Cursor, log: { readonly partitions?: number; readonly name?: string }) {
    holdCursor(this, cursor)
    this.#log = { partitions: log.partitions, log: log.name }
  }

  count(options: TableOptions = {}): TableHandle {
    return new TableHandle(aggregateRows(counted(this.#side(countOne)), options))
  }

  reduce(add: Reducer, options: TableOptions = {}): TableHandle {
    return new TableHandle(aggregateRows(reduced(this.#side(orFirst(add)), add), options))
  }

  aggregate(init: () => unknown, add: Add, options: TableOptions = {}): TableHandle {
    const sides = [this.#side(add)]
    return new TableHandle(aggregateRows({ verb: 'aggregate', sides, init }, options))
  }

  windowedBy(window: AnyWindow): WindowedHandle {
    const known = refuseNoWindow(window)
    return new WindowedHandle(known, 'update', (add) => this.#side(add))
  }

  cogroup(add: Add): CogroupedHandle {
    return new CogroupedHandle([this.#side(add)])
  }

  /** As one side of a cogroup of `own`. */
  static sideOf(own: Cursor, grouped: unknown, add: Add): Side {
    const cursor = otherCursor(own, grouped, 'cogroup', 'a grouped stream')
    if (!(grouped instanceof GroupedHandle))
      throw new MillraceError(
        'MILLRACE_CONFIG',
        'cogroup(...) takes a grouped stream: call groupByKey() or groupBy(...) first',
      )
    return { cursor, ...grouped.#log, add }
  }

  #side(add: Add): Side {
    return { cursor: cursorOf(this), ...this.#log, add }
  }
}

/** Time, sliding and unlimited windows, and sessions, whose `aggregate` takes a merger. */
class WindowedHandle {
  readonly #window: AnyWindow
  readonly #emit: EmitWhen
  readonly #side: (add: Add) => Side

  constructor(window: AnyWindow, emit: EmitWhen, side: (add: Add) => Side) {
    this.#window = window
    this.#emit = emit
    this.#side = side
  }

  emit(strategy: EmitWhen): WindowedHandle {
    return new WindowedHandle(this.#window, emitted(strategy, this.#window), this.#side)
  }

  count(options: AnyWindowOptions = {}): TableHandle {
    return this.#add(counted(this.#side(countOne)), options)
  }

  reduce(add: Reducer, options: AnyWindowOptions = {}): TableHandle {
    return this.#add(reduced(this.#side(orFirst(add)), add), options)
  }

  aggregate(
    init: () => unknown,
    add: Add,
    ...rest: readonly [Merge, AnyWindowOptions?] | readonly [AnyWindowOptions?]
  ): TableHandle {
    const { merge, options } = mergerAnd(this.#window, rest)
    return this.#add({ verb: 'aggregate', sides: [this.#side(add)], init, merge }, options)
  }

  #add(aggregation: Aggregation, options: AnyWindowOptions): TableHandle {
    return new TableHandle(aggregateWindows(aggregation, this.#window, this.#emit, options))
  }
}

class CogroupedHandle {
  readonly #sides: readonly Side[]

  constructor(sides: readonly Side[]) {
    this.#sides = sides
  }

  cogroup(grouped: unknown, add: Add): CogroupedHandle {
    const own = this.#sides[0]!.cursor
    return new CogroupedHandle([...this.#sides, GroupedHandle.sideOf(own, grouped, add)])
  }

  aggregate(init: () => unknown, options: TableOptions = {}): TableHandle {
    return new TableHandle(aggregateRows({ verb: 'cogroup', sides: this.#sides, init }, options))
  }

  windowedBy(window: AnyWindow): CogroupedWindowsHandle {
    return new CogroupedWindowsHandle(refuseNoWindow(window), 'update', this.#sides)
  }
}

class CogroupedWindowsHandle {
  readonly #window: AnyWindow
  readonly #emit: EmitWhen
  readonly #sides: readonly Side[]

  constructor(window: AnyWindow, emit: EmitWhen, sides: readonly Side[]) {
    this.#window = window
    this.#emit = emit
    this.#sides = sides
  }

  emit(strategy: EmitWhen): CogroupedWindowsHandle {
    const emit = emitted(strategy, this.#window)
    return new CogroupedWindowsHandle(this.#window, emit, this.#sides)
  }

  aggregate(
    init: () => unknown,
    ...rest: readonly [Merge, AnyWindowOptions?] | readonly [AnyWindowOptions?]
  ): TableHandle {
    const { merge, options } = mergerAnd(this.#window, rest)
    const aggregation: Aggregation = { verb: 'cogroup', sides: this.#sides, init, merge }
    return new TableHandle(aggregateWindows(aggregation, this.#window, this.#emit, options))
  }
}

// ---- the verbs as aggregations

const countOne: Add = (count) => (count as number) + 1

function counted(side: Side): Aggregation {
  const merge: Merge = (left, right) => (left as number) + (right as number)
  return { verb: 'count', sides: [side], init: () => 0, merge }
}

function reduced(side: Side, add: Reducer): Aggregation {
  return { verb: 'reduce', sides: [side], init: () => null, merge: orFirst(add) }
}

/** The first value is the first aggregate. */
function orFirst(add: Reducer): Reducer {
  return (aggregate, value, key) => (aggregate === null ? value : add(aggregate, value, key))
}

function mergerAnd(
  window: AnyWindow,
  rest: readonly unknown[],
): { readonly merge: Merge | undefined; readonly options: AnyWindowOptions } {
  if (window.kind !== 'session')
    return { merge: undefined, options: (rest[0] ?? {}) as AnyWindowOptions }
  if (typeof rest[0] !== 'function')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      'sessions grow together: give aggregate(...) a function that merges two aggregates, (left, right, key) => ...',
    )
  return { merge: rest[0] as Merge, options: (rest[1] ?? {}) as AnyWindowOptions }
}

// ---- refused at once

function refuseNoWindow(window: AnyWindow): AnyWindow {
  const kinds: readonly unknown[] = ['time', 'sliding', 'session', 'unlimited']
  if (kinds.includes((window as { kind?: unknown } | undefined)?.kind)) return window
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `windowedBy(...) takes a window, for example tumbling('5m') or session('30s')`,
  )
}

function emitted(strategy: EmitWhen, window: AnyWindow): EmitWhen {
  if (strategy !== 'update' && strategy !== 'close' && strategy !== 'both')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `emit is ${JSON.stringify(strategy)}: give 'update', 'close' or 'both'`,
    )
  if (window.kind === 'unlimited' && strategy !== 'update')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `emit('${strategy}') of an unlimited window, which never closes: leave it out`,
    )
  return strategy
}
