/** What the compiler says about operators inside `pipe`. Compiled only: nothing here runs. */
import { createApp, embedded, int64, json } from '@millrace/core'
import type { KStream, Rejected, Sink } from '@millrace/core'
import {
  branch,
  eventTime,
  filter,
  filterNot,
  flatMap,
  flatMapValues,
  keyBy,
  map,
  mapValues,
  mapValuesAsync,
  peek,
  validate,
} from '@millrace/operators'
import { z } from 'zod'
import { check, type Equal } from './equal.ts'

const Txn = z.object({ id: z.string(), userId: z.string(), amount: z.number(), at: z.number() })
type Txn = z.infer<typeof Txn>

declare const invalid: Sink<Rejected>

const app = createApp({ id: 'types' })
const untypedTopic = embedded('untyped', { value: json() })
const txnsTopic = embedded('txns', { value: json(Txn) })
const countedTopic = embedded('counted', { key: int64(), value: json(Txn) })
const untyped = app.stream(untypedTopic)
const txns = app.stream(txnsTopic)
const counted = app.stream(countedTopic)

// a pipeline as it is written: every function knows its value, nothing is annotated
const scored = untyped.pipe(
  validate(Txn, { invalid }),
  eventTime((t) => t.at, { outOfOrder: '30s', idle: '10s', future: '5m' }),
  keyBy((t) => t.userId, { partitioned: true }),
  peek((t) => void t.amount),
  filter((t) => t.amount > 0),
  filterNot((t) => t.id === ''),
  mapValues((t) => ({ ...t, cents: t.amount * 100 })),
  mapValuesAsync((t) => Promise.resolve({ ...t, score: t.cents / 2 }), { capacity: 8 }),
)
check<
  Equal<
    typeof scored,
    KStream<
      string,
      { id: string; userId: string; amount: number; at: number; cents: number; score: number }
    >
  >
>()

// keys pass through, whatever they are
const kept = counted.pipe(filter((t) => t.amount > 1))
check<Equal<typeof kept, KStream<number, Txn>>>()
const valued = counted.pipe(mapValues((t) => t.id))
check<Equal<typeof valued, KStream<number, string>>>()

// the other operators
const guarded = txns.pipe(filter((t): t is Txn & { userId: 'root' } => t.userId === 'root'))
check<Equal<typeof guarded, KStream<string, Txn & { userId: 'root' }>>>()
const pairs = txns.pipe(map((t) => [t.amount, t.id]))
check<Equal<typeof pairs, KStream<number, string>>>()
const many = txns.pipe(
  flatMapValues((t) => t.id.split(' ')),
  flatMap((word) => [[word.length, word] as const]),
)
check<Equal<typeof many, KStream<number, string>>>()
const { big, small, rest } = txns.pipe(
  filter((t) => t.amount > 0),
  branch({ big: (t) => t.amount > 1000, small: (t) => t.amount < 10 }),
)
check<Equal<typeof big, KStream<string, Txn>>>()
check<Equal<typeof small, typeof rest>>()
// @ts-expect-error Property 'huge' does not exist
void txns.pipe(branch({ big: (t) => t.amount > 1000 })).huge

// what must not compile
// @ts-expect-error Property 'usrId' does not exist ... Did you mean 'userId'?
txns.pipe(keyBy((t) => t.usrId))
// @ts-expect-error Type 'false' is not assignable to type 'true'
txns.pipe(keyBy((t) => t.userId, { partitioned: false }))
untyped.pipe(
  // @ts-expect-error 't' is of type 'unknown': validate first
  eventTime((t) => t.at),
  validate(Txn),
)
// @ts-expect-error Type 'Date' is not assignable to type 'number'
txns.pipe(eventTime((t) => new Date(t.at)))
// @ts-expect-error '10 min' is not assignable to type `${number}ms` | ...
txns.pipe(eventTime((t) => t.at, { outOfOrder: '10 min' }))
// @ts-expect-error Type 'null' is not assignable to type '{}'
txns.pipe(mapValues(() => null))
txns.pipe(
  filter((t) => t.amount > 0),
  // @ts-expect-error a typo behind other steps
  mapValues((t) => t.amont),
)
// @ts-expect-error 'atempts' does not exist: did you mean 'attempts'?
txns.pipe(mapValuesAsync((t) => Promise.resolve(t), { retry: { atempts: 3 } }))
txns.pipe(
  mapValues((t) => t.amount),
  // @ts-expect-error a string filter on a stream of numbers
  filter((text: string) => text !== ''),
)
// @ts-expect-error the key is unknown here: stream.keyBy(...) knows it
txns.pipe(keyBy((t, key) => key.length + t.amount))
txns.pipe(
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  filter(ok),
  // @ts-expect-error Expected 1-10 arguments, but got 11: split them into two pipes
  filter(ok),
)
declare function ok(t: Txn): boolean

// operators by themselves: a stored one takes its value type from its annotations...
const positive = filter((t: { amount: number }) => t.amount > 0)
const narrowed = txns.pipe(positive)
check<Equal<typeof narrowed, KStream<string, { amount: number }>>>()
check<Equal<ReturnType<typeof positive<number>>, KStream<number, { amount: number }>>>()
// ... a function of the handle keeps every field
const positiveOf = <K, V extends { amount: number }>(stream: KStream<K, V>): KStream<K, V> =>
  stream.pipe(filter((t) => t.amount > 0))
const whole = txns.pipe(
  positiveOf,
  mapValues((t) => t.userId),
)
check<Equal<typeof whole, KStream<string, string>>>()
// @ts-expect-error the stream has no such field
txns.pipe(filter((t: { zip: string }) => t.zip !== ''))
