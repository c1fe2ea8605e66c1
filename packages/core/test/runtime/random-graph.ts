/**
 * Random topologies and inputs from a seed: diamonds, merges, branches, fan-out, rows that throw, steps that are asynchronous.
 * With `async: false` the same seed gives the same graph with synchronous steps in their place.
 */
import { createApp, json } from '@millrace/core'
import type { App, KStream, Sink, Source } from '@millrace/core'
import { keyValueStore } from '@millrace/core/operator'
import type { AsyncMode, KeyValueStore } from '@millrace/core/operator'
import type { SinkPort } from '@millrace/core/sink'
import { seededRandom } from '@millrace/core/testing'

export interface Item {
  readonly n: number
  readonly path: string
}

export interface GraphUnderTest {
  readonly app: App
  readonly topics: readonly string[]
}

export function source(topic: string): Source<string, Item> {
  return Object.freeze({
    kind: 'millrace.source',
    name: topic,
    topic,
    log: { system: 'test', open: () => Promise.reject(new Error('never opened')) },
    key: { name: 'identity', decode: (key: unknown) => key as string },
    value: json<Item>(),
  })
}

export function sink<V>(name: string): Sink<V> {
  return Object.freeze({
    kind: 'millrace.sink',
    type: 'test',
    target: name,
    decides: 'log',
    open: () => Promise.reject(new Error('never opened')) as Promise<SinkPort<V>>,
  })
}

export function randomGraph(
  seed: number,
  options: { readonly async: boolean; readonly mode?: AsyncMode; readonly state?: boolean },
): GraphUnderTest {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const app = createApp({ id: 'random', onError: { deadLetter: sink('dead') } })
  const topics = Array.from({ length: 1 + pick(3) }, (_, i) => `in${i}`)
  const streams: KStream<string, Item>[] = topics.map((topic) => app.stream(source(topic)))
  if (streams.length > 1) streams.push(streams.reduce((a, b, i) => a.merge(b, { name: `all${i}` })))
  const steps = 3 + pick(8)
  let sinks = 0
  for (let step = 0; step < steps; step++) {
    const from = streams[pick(streams.length)]!
    const mark = String.fromCharCode(97 + step)
    const salt = 2 + pick(5)
    switch (pick(9)) {
      case 0:
        streams.push(from.filter((v) => v.n % salt !== 0))
        break
      case 1:
        streams.push(from.mapValues((v) => ({ n: v.n + salt, path: v.path + mark })))
        break
      case 2:
        streams.push(
          from.flatMapValues((v) =>
            Array.from({ length: v.n % 3 }, (_, i) => ({
              n: v.n + i,
              path: `${v.path}${mark}${i}`,
            })),
          ),
        )
        break
      case 3: {
        const { odd, rest } = from.branch({ odd: (v) => v.n % 2 === 1 })
        streams.push(odd, rest)
        break
      }
      case 4:
        streams.push(from.merge(streams[pick(streams.length)]!, { name: `both${step}` }))
        break
      case 5:
        streams.push(
          from.mapValues((v) => {
            if (v.n % (salt + 9) === 0) throw new Error(`no ${mark} for ${v.n}`)
            return { n: v.n, path: v.path + mark }
          }),
        )
        break
      case 6:
        streams.push(options.state === true ? counted(from, mark, step) : from)
        break
      default:
        streams.push(
          slow(from, mark, step, options.async ? (options.mode ?? 'ordered') : undefined),
        )
    }
    if (pick(3) === 0) streams.at(-1)!.to(sink(`out${sinks++}`))
  }
  streams.at(-1)!.to(sink(`out${sinks++}`))
  streams[pick(streams.length)]!.to(sink(`out${sinks++}`))
  return { app, topics }
}

function slow(
  from: KStream<string, Item>,
  mark: string,
  step: number,
  mode: AsyncMode | undefined,
): KStream<string, Item> {
  const work = (v: Item): Item => {
    if (v.n % 23 === 0) throw new Error(`no ${mark} for ${v.n}`)
    return { n: v.n, path: v.path + mark }
  }
  if (mode === undefined) return from.mapValues(work)
  return from.mapValuesAsync((v) => Promise.resolve().then(() => work(v)), {
    name: `slow${step}`,
    mode,
    capacity: 3,
  })
}

/** Writes the running count of the key onto the row. The aggregate is changed in place, as aggregators may. */
function counted(from: KStream<string, Item>, mark: string, step: number): KStream<string, Item> {
  const counts = keyValueStore<string, { n: number }>(`counts${step}`)
  return from.processValues(
    () => {
      let store!: KeyValueStore<string, { n: number }>
      let forward!: (key: string, value: Item) => void
      return {
        open: (ctx) => {
          store = ctx.store(counts)
          forward = (key, value) => ctx.forward(key, value)
        },
        process: (key, value) => {
          const count = store.get(key) ?? { n: 0 }
          count.n++
          store.put(key, count)
          if (count.n % 7 === 0) store.delete(key)
          forward(key, { n: value.n, path: `${value.path}${mark}${count.n}` })
        },
      }
    },
    { name: `counted${step}`, stores: [counts] },
  )
}
