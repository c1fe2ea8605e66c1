/**
 * The topic of accounts. Another program of the bank would keep it; here `main.ts` fills it before the app starts, so that each
 * payment finds its account however fast anything runs.
 */
import { embedded, json, openEmbedded } from '@millrace/core'
import type { EmbeddedTopic } from '@millrace/core'
import { accountRowsOf } from './activity/accounts.ts'
import type { World } from './activity/world.ts'

export interface Account {
  readonly user: string
  /** What one payment may be. */
  readonly limit: number
}

export const accounts: EmbeddedTopic<string, Account> = embedded('accounts', {
  value: json<Account>(),
})

/** `dir`: that of the app. Done twice, the second time writes nothing: the log knows the producer and its number. */
export async function fillAccounts(dir: string, world: World): Promise<void> {
  const log = await openEmbedded({ dir })
  try {
    await log.append(accounts, accountRowsOf(world), { producer: 'bank', seq: 1 })
  } finally {
    await log.close()
  }
}
