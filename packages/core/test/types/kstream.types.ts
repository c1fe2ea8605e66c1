/** What the compiler says about streams and their methods. Compiled only: nothing here runs. */
import { createApp, embedded, int64, json } from '@millrace/core'
import type { KStream, Rejected, Sink } from '@millrace/core'
import { z } from 'zod'
import { check, type Equal } from './equal.ts'

const Txn = z.object({ id: z.string(), userId: z.string(), amount: z.number(), at: z.number() })
type Txn = z.infer<typeof Txn>

declare const invalid: Sink<Rejected>
declare function sinkOf<V>(): Sink<V>

const app = createApp({ id: 'types' })
const untypedTopic = embedded('untyped', { value: json() })
const txnsTopic = embedded('txns', { value: json(Txn) })
const countedTopic = embedded('counted', { key: int64(), value: json(Txn) })
const untyped = app.stream(untypedTopic)
const txns = app.stream(txnsTopic)
const counted = app.stream(countedTopic)

// Sources give keys and values their types; without a schema a value is unknown.
check<Equal<typeof untyped, KStream<string, unknown>>>()
check<Equal<typeof txns, KStream<string, Txn>>>()
check<Equal<typeof counted, KStream<number, Txn>>>()
const inline = app.stream(embedded('inline', { value: json(Txn) }))
check<Equal<typeof inline, KStream<string, Txn>>>()

// zod through validate, from the handle
const valid = untyped.validate(Txn, { invalid })
check<Equal<typeof valid, KStream<string, Txn>>>()
// a schema that transforms gives its output
const dated = untyped.validate(z.object({ at: z.string().transform((text) => text.length) }))
check<Equal<typeof dated, KStream<string, { at: number }>>>()
// @ts-expect-error not a schema
untyped.validate({ id: 'string' })

// event time is epoch milliseconds of a typed value
txns.eventTime((t) => t.at, { outOfOrder: '30s', idle: '10s', future: '5m' })
// @ts-expect-error 't' is of type 'unknown': validate first
untyped.eventTime((t) => t.at)
// @ts-expect-error Type 'Date' is not assignable to type 'number'
txns.eventTime((t) => new Date(t.at))
// @ts-expect-error '10 min' is not assignable to type `${number}ms` | ...; but '30 s' is: the runtime refuses that
txns.eventTime((t) => t.at, { outOfOrder: '10 min' })
// @ts-expect-error a bare number has no unit
txns.eventTime((t) => t.at, { idle: 10 })
// @ts-expect-error no such option
txns.eventTime((t) => t.at, { grace: '30s' })

// keys
const byUser = txns.keyBy((t) => t.userId, { partitioned: true })
check<Equal<typeof byUser, KStream<string, Txn>>>()
const byPair = txns.keyBy((t, key) => [t.userId, key.length] as const)
check<Equal<typeof byPair, KStream<readonly [string, number], Txn>>>()
// @ts-expect-error Property 'usrId' does not exist ... Did you mean 'userId'?
txns.keyBy((t) => t.usrId)
// @ts-expect-error Type 'false' is not assignable to type 'true'
txns.keyBy((t) => t.userId, { partitioned: false })
// @ts-expect-error the serde is of numbers, the key is text
txns.keyBy((t) => t.userId, { key: int64() })

// values are never null
const doubled = txns.mapValues((t) => t.amount * 2)
check<Equal<typeof doubled, KStream<string, number>>>()
// @ts-expect-error Type 'null' is not assignable to type '{}'
txns.mapValues(() => null)
// @ts-expect-error undefined neither
txns.mapValues((t) => (t.amount > 1 ? t : undefined))
// @ts-expect-error nor in a pair
txns.map((t) => [t.userId, null])
const pairs = txns.map((t, key) => [t.amount, key])
check<Equal<typeof pairs, KStream<number, string>>>()
const words = txns.flatMapValues((t) => t.id.split(' '))
check<Equal<typeof words, KStream<string, string>>>()
const parts = txns.flatMap((t) => [[t.amount, t] as const])
check<Equal<typeof parts, KStream<number, Txn>>>()

// predicates
const risky = txns.filter((t): t is Txn & { userId: 'root' } => t.userId === 'root')
check<Equal<typeof risky, KStream<string, Txn & { userId: 'root' }>>>()
const same = txns.filterNot((t, key) => t.amount > key.length)
check<Equal<typeof same, KStream<string, Txn>>>()
// @ts-expect-error a number is no answer
txns.filter((t) => t.amount)
// @ts-expect-error nor is a promise
txns.filter((t) => Promise.resolve(t.amount > 1))

// branches have names
const { big, rest, ...others } = txns.branch({ big: (t) => t.amount > 1000 })
check<Equal<typeof big, KStream<string, Txn>>>()
check<Equal<typeof rest, KStream<string, Txn>>>()
check<Equal<typeof others, {}>>()
// @ts-expect-error Property 'huge' does not exist
void txns.branch({ big: (t) => t.amount > 1000 }).huge
// @ts-expect-error a typo inside a predicate
txns.branch({ big: (t) => t.amont > 1000 })

// merging joins value types; keys must agree
const merged = txns.merge(doubled)
check<Equal<typeof merged, KStream<string, Txn | number>>>()
// @ts-expect-error Type 'number' is not assignable to type 'string'
txns.merge(counted)

// sinks take what they ask for, or more
txns.to(sinkOf<Txn>())
txns.to(sinkOf<{ id: string }>())
txns.to(sinkOf<unknown>())
txns.to(embedded('out', { value: json<Txn>() }).sink)
// @ts-expect-error Property 'zip' is missing in type ... but required ...
txns.to(sinkOf<{ id: string; zip: string }>())
// @ts-expect-error a dead-letter sink takes rejected rows, not these
txns.to(invalid)
// @ts-expect-error and a sink of rows takes no dead letters
untyped.validate(Txn, { invalid: sinkOf<Txn>() })

// a stream of more may stand where one of less is asked for
declare function wants(stream: KStream<string, { amount: number }>): void
wants(txns)
// @ts-expect-error Type 'string' is not assignable to type 'number'
wants(txns.mapValues((t) => ({ amount: t.id })))
// @ts-expect-error the key is another
wants(counted)

// asynchronous nodes
const enriched = txns.mapValuesAsync((t, key, { signal, attempt }) =>
  Promise.resolve({ id: t.id, key, late: signal.aborted, attempt }),
)
check<
  Equal<
    typeof enriched,
    KStream<string, { id: string; key: string; late: boolean; attempt: number }>
  >
>()
const bounded = txns.mapValuesAsync((t) => Promise.resolve(t.amount), {
  name: 'score',
  mode: 'perKey',
  capacity: 8,
  timeout: '2s',
  retry: {
    attempts: 3,
    delay: '100ms',
    delayMax: '1s',
    retryIf: (error) => error instanceof Error,
  },
  onTimeout: (t) => t.amount,
})
check<Equal<typeof bounded, KStream<string, number>>>()
// @ts-expect-error not a promise
txns.mapValuesAsync((t) => t.amount)
// @ts-expect-error a promise of null
txns.mapValuesAsync(() => Promise.resolve(null))
// @ts-expect-error 'atempts' does not exist: did you mean 'attempts'?
txns.mapValuesAsync((t) => Promise.resolve(t), { retry: { atempts: 3 } })
// @ts-expect-error '2 sec' is no duration
txns.mapValuesAsync((t) => Promise.resolve(t), { timeout: '2 sec' })
// @ts-expect-error no such mode
txns.mapValuesAsync((t) => Promise.resolve(t), { mode: 'unorderd' })

// an operator is a function of the handle; a generic one keeps every field
const features = <V extends { amount: number }>(
  stream: KStream<string, V>,
): KStream<string, V & { log: number }> =>
  stream.mapValues((v) => ({ ...v, log: Math.log(v.amount) }))
const piped = txns.pipe(features, (s) => s.filter((t) => t.log > t.at))
check<Equal<typeof piped, KStream<string, Txn & { log: number }>>>()

const step = <V>(stream: KStream<string, V>): KStream<string, V> => stream
const ten = txns.pipe(step, step, step, step, step, step, step, step, step, step)
check<Equal<typeof ten, KStream<string, Txn>>>()
// @ts-expect-error Expected 1-10 arguments, but got 11
txns.pipe(step, step, step, step, step, step, step, step, step, step, step)
// @ts-expect-error a step for other keys
txns.pipe((stream: KStream<number, Txn>) => stream)
