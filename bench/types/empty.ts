/** What every fixture costs before its first line of its own: its net figure is measured from here. */
import { createApp, embedded, json } from '@millrace/core'
import * as operators from '@millrace/operators'
import { deadLetters, ndjson } from '@millrace/sinks/ndjson'
import { z } from 'zod'

export const Txn = z.object({
  id: z.string(),
  userId: z.string(),
  amount: z.number(),
  at: z.number(),
})

export const used = [createApp, embedded, json, operators, deadLetters, ndjson]
