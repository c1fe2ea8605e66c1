/** The same work by the methods of the handle, and the methods that the pipeline does not use. */
import { createApp, embedded, json } from '@millrace/core'
import { deadLetters, ndjson } from '@millrace/sinks/ndjson'
import { z } from 'zod'

const Txn = z.object({
  id: z.string(),
  userId: z.string(),
  amount: z.number().positive(),
  country: z.string().length(2),
  at: z.number().int(),
})
type Txn = z.infer<typeof Txn>

declare function score(values: readonly number[], signal: AbortSignal): Promise<number>

const app = createApp({ id: 'fraud' })
const source = embedded('transactions', { value: json() })
const refunds = embedded('refunds', { value: json(Txn) })

const txns = app
  .stream(source)
  .validate(Txn, { invalid: deadLetters('out/invalid') })
  .eventTime((t) => t.at, { outOfOrder: '30s', idle: '10s', future: '5m' })
  .keyBy((t) => t.userId, { partitioned: true })
  .filter((t) => t.amount > 1)
  .filterNot((t, user) => t.country === user)
const scored = txns
  .merge(app.stream(refunds).filter((t): t is Txn & { country: 'CH' } => t.country === 'CH'))
  .mapValues((t) => ({ ...t, cents: Math.round(t.amount * 100) }))
  .mapValues((t) => ({ ...t, features: [t.cents, t.country === 'CH' ? 0 : 1] }))
  .mapValuesAsync(
    async (t, _user, { signal }) => ({ ...t, score: await score(t.features, signal) }),
    { capacity: 32, timeout: '2s', retry: { attempts: 3 } },
  )
  .peek((t, user) => void [t.score, user])
const { risky, odd, rest } = scored.branch({
  risky: (t) => t.score > 0.9,
  odd: (t, user) => t.score > 0.5 && user !== '',
})
risky.to(ndjson('out/risky', { map: (t) => ({ id: t.id, score: t.score }) }))
odd.map((t, user) => [t.country, { user, cents: t.cents }]).to(ndjson('out/odd'))
rest
  .flatMapValues((t) => t.features)
  .flatMap((n, user) => [[n, user] as const])
  .selectKey((user) => user.length)
  .to(embedded('lengths', { value: json<string>() }).sink)
rest.foreach((t) => void t.id)
rest.to(ndjson('out/rest'))
