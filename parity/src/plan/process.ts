/** `process`: a processor of the user's own, with stores, punctuators and timers. Its functions see the context of the plan. */
import { keyValueStore } from '@millrace/core/operator'
import type { KeyValueStore, Processor, ProcessorContext, StoreSpec } from '@millrace/core/operator'
import type { Op } from './build.ts'
import type { PlanFunction } from './functions.ts'
import type { Params } from './params.ts'
import { duration } from './plan-node.ts'
import type { Building, NodeBuild } from './plan-node.ts'
import { parseType, serdeOf } from './types.ts'

type Store = KeyValueStore<unknown, unknown>
type Spec = StoreSpec<Store>

interface Punctuator {
  readonly type: 'eventTime' | 'wallClock'
  readonly everyMs: number
  readonly fn: PlanFunction
}

interface Functions {
  readonly fn: PlanFunction
  readonly onTimer: PlanFunction | undefined
  readonly punctuators: readonly Punctuator[]
  readonly stores: ReadonlyMap<string, Spec>
  readonly newest: Building['newest']
}

export const process: Op = (node) => {
  const { stream, key, value } = node.from('stream')
  const stores = new Map(node.params.listOr('stores').map((store) => storeOf(node, store)))
  const functions: Functions = {
    fn: node.params.fn('fn'),
    onTimer: node.params.fnOr('onTimer', undefined),
    punctuators: node.params.listOr('punctuators').map(punctuatorOf),
    stores,
    newest: node.building.newest,
  }
  const processed = stream.process(() => processorOf(functions), {
    name: node.name,
    stores: [...stores.values()],
    ...(functions.onTimer === undefined ? {} : { timers: serdeOf(key) }),
  })
  return { kind: 'stream', stream: processed, ...node.types(key, value) }
}

/** Nodes that name the same store share it. */
function storeOf(node: NodeBuild, params: Params): readonly [string, Spec] {
  const name = params.text('name')
  params.oneOf('type', ['keyValue'])
  const key = serdeOf(parseType(params.text('keyType')))
  const value = serdeOf(parseType(params.text('valueType')))
  params.done()
  const { stores, streamTime } = node.building
  const shared = stores.get(name)
  if (shared !== undefined) return [name, shared]
  const scope = streamTime ? 'task' : 'key'
  const spec: Spec = keyValueStore<any, any>(name, { key, value, scope, ordered: true })
  stores.set(name, spec)
  return [name, spec]
}

function punctuatorOf(params: Params): Punctuator {
  const type = params.oneOf('type', ['streamTime', 'wallClock'])
  const everyMs = params.ms('everyMs')
  const fn = params.fn('fn')
  params.done()
  return { type: type === 'streamTime' ? 'eventTime' : 'wallClock', everyMs, fn }
}

function processorOf({
  fn,
  onTimer,
  punctuators,
  stores,
  newest,
}: Functions): Processor<any, any, any, any> {
  let ctx: PlanContext
  return {
    open(context) {
      ctx = new PlanContext(context, stores, newest)
      for (const { type, everyMs, fn: punctuate } of punctuators)
        context.schedule(duration(everyMs), type, (time: number) => punctuate(time, ctx))
    },
    process(key, value, row) {
      fn(key, value, row.time, ctx)
    },
    ...(onTimer === undefined
      ? {}
      : { onTimer: (key: unknown, time: number) => void onTimer(key, time, ctx) }),
  }
}

/** `ctx` of a plan's functions. */
class PlanContext {
  readonly #ctx: ProcessorContext<any, any>
  readonly #stores: ReadonlyMap<string, PlanStore>

  readonly #newest: Building['newest']

  constructor(
    ctx: ProcessorContext<any, any>,
    stores: ReadonlyMap<string, Spec>,
    newest: Building['newest'],
  ) {
    this.#ctx = ctx
    this.#newest = newest
    this.#stores = new Map(
      [...stores].map(([name, spec]) => [name, new PlanStore(ctx.store(spec))]),
    )
  }

  forward(key: unknown, value: unknown, time: number): void {
    this.#ctx.forward(key, value, time)
  }

  store(name: string): PlanStore {
    const store = this.#stores.get(name)
    if (store === undefined) throw new Error(`the node declares no store ${name}`)
    return store
  }

  streamTime(): number {
    return Math.max(this.#ctx.eventTime(), this.#newest.time())
  }

  systemTime(): number {
    return this.#ctx.now()
  }

  timer(time: number): void {
    this.#ctx.timer(time, 'event')
  }

  deleteTimer(time: number): void {
    this.#ctx.deleteTimer(time, 'event')
  }
}

class PlanStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get(key: unknown): unknown {
    return this.#store.get(key) ?? null
  }

  /** Null deletes. */
  put(key: unknown, value: unknown): void {
    if (value === null || value === undefined) this.#store.delete(key)
    else this.#store.put(key, value)
  }

  delete(key: unknown): void {
    this.#store.delete(key)
  }

  all(): readonly (readonly [unknown, unknown])[] {
    return [...this.#store.all()]
  }

  range(from: unknown, to: unknown): readonly (readonly [unknown, unknown])[] {
    return [...this.#store.range(from ?? undefined, to ?? undefined)]
  }
}
