/** A pipeline of operators, as a user writes it: ten steps, a branch, three sinks. */
import { createApp, embedded, json } from '@millrace/core'
import {
  branch,
  eventTime,
  filter,
  filterNot,
  keyBy,
  map,
  mapValues,
  mapValuesAsync,
  peek,
  validate,
} from '@millrace/operators'
import { deadLetters, ndjson } from '@millrace/sinks/ndjson'
import { z } from 'zod'

const Txn = z.object({
  id: z.string(),
  userId: z.string(),
  amount: z.number().positive(),
  country: z.string().length(2),
  at: z.number().int(),
})

declare function score(values: readonly number[], signal: AbortSignal): Promise<number>

const app = createApp({ id: 'fraud' })
const source = embedded('transactions', { value: json() })

const scored = app.stream(source).pipe(
  validate(Txn, { invalid: deadLetters('out/invalid') }),
  eventTime((t) => t.at, { outOfOrder: '30s', idle: '10s', future: '5m' }),
  keyBy((t) => t.userId, { partitioned: true }),
  filter((t) => t.amount > 1),
  filterNot((t) => t.country === 'XX'),
  mapValues((t) => ({ ...t, cents: Math.round(t.amount * 100) })),
  mapValues((t) => ({ ...t, features: [t.cents, t.country === 'CH' ? 0 : 1] })),
  mapValuesAsync(
    async (t, _key, { signal }) => ({ ...t, score: await score(t.features, signal) }),
    { capacity: 32, timeout: '2s', retry: { attempts: 3 } },
  ),
  peek((t) => void t.score),
  branch({ risky: (t) => t.score > 0.9, odd: (t) => t.score > 0.5 }),
)
scored.risky.to(ndjson('out/risky', { map: (t) => ({ id: t.id, score: t.score }) }))
scored.odd.pipe(map((t) => [t.country, t.cents])).to(ndjson('out/odd'))
scored.rest.to(ndjson('out/rest'))
