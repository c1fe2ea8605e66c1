/**
 * The pipeline: three sub-topologies with topics of the embedded log between them. The first sends what the generator makes,
 * bad rows included, as the bytes that they are. The second reads them as anybody's topic: it checks them, and counts what each
 * user has paid lately. The third joins them with the accounts and scores them. Building it opens nothing.
 */
import { join } from 'node:path'
import { bytes, createApp, embedded, generator, json } from '@millrace/core'
import type { App, Env } from '@millrace/core'
import { fs } from '@millrace/core/fs'
import { eventTime, filter, keyBy, mapValues, mapValuesAsync, validate } from '@millrace/operators'
import { deadLetters, ndjson } from '@millrace/sinks/ndjson'
import { accounts } from './accounts.ts'
import { Activity } from './activity/activity.ts'
import { enrich } from './enrich.ts'
import { ProfileService } from './profiles.ts'
import { alertScore, score } from './score.ts'
import { Transaction } from './transaction.ts'
import { addPayment, busyPayments, lately, nothingPaid, velocity } from './velocity.ts'

export interface FraudOptions {
  /** How many rows the stream of activity has in all. */
  readonly records?: number
  readonly seed?: number
  /** The embedded log and the checkpoint. */
  readonly state?: string
  /** Where `scores`, `alerts`, `velocity`, `late` and `dead-letters` are written. */
  readonly out?: string
  readonly env?: Env
}

export function app(options: FraudOptions = {}): App {
  const {
    records = 100_000,
    seed = 42,
    state = '.millrace/fraud-scoring',
    out = 'out/fraud',
    env,
  } = options
  const activity = new Activity({ seed })
  const profiles = new ProfileService(activity.world, { failOneIn: 10_000 })
  const app = createApp({
    id: 'fraud-scoring',
    dir: state,
    checkpoint: fs(join(state, 'checkpoint'), { every: '300ms' }),
    ...(env === undefined ? {} : { env }),
  })
  // A sink is known to its checkpoint by its target, not by where `out` lies: state and output may move.
  const folder = (target: string) => ndjson(join(out, target), { target })
  const rejects = deadLetters(join(out, 'dead-letters'), { target: 'dead-letters' })
  const onError = { deadLetter: rejects }

  // 1. What the terminals send.
  app
    .stream(generator({ name: 'activity', rows: records, make: (index) => activity.row(index) }))
    .to(embedded('transactions', { value: bytes() }).sink)

  // 2. Checked, and counted per user in windows of event time.
  const checked = embedded('checked', { value: json<Transaction>() })
  const transactions = app.stream(embedded('transactions', { value: json() }), { onError }).pipe(
    validate(Transaction, { name: 'schema', invalid: rejects }),
    eventTime((t) => t.at, { name: 'event-time', outOfOrder: '30s', future: '5m', onError }),
    keyBy((t) => t.user, { partitioned: true }),
    filter((t) => t.amount > 0, { name: 'charged' }),
  )
  transactions.to(checked.sink)
  transactions
    .groupByKey()
    .windowedBy(lately)
    .emit('close')
    .aggregate(nothingPaid, addPayment, { name: 'windows', late: folder('late') })
    .toStream()
    .filter(({ payments }) => payments >= busyPayments, { name: 'busy' })
    .mapValues(velocity)
    .to(folder('velocity'), { name: 'velocity' })

  // 3. Joined with the accounts, and scored. A table that hardly changes holds back the watermark of what reads it: so the
  //    windows are not here.
  const scored = app
    .stream(checked)
    .leftJoin(app.table(accounts), (transaction, account) => ({ transaction, account }))
    .pipe(
      mapValues(enrich),
      mapValuesAsync(
        (row) => profiles.find(row.transaction.user).then((profile) => ({ row, profile })),
        {
          name: 'profile',
          mode: 'ordered',
          capacity: 512,
          timeout: '5s',
          retry: { attempts: 3, delay: '10ms' },
        },
      ),
      mapValues(score),
    )
  scored.to(folder('scores'), { name: 'scores' })
  scored
    .filter((s) => s.score >= alertScore, { name: 'risky' })
    .to(folder('alerts'), { name: 'alerts' })
  return app
}
