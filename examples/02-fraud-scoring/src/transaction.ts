/** What a row of the topic must look like. Amounts in the currency's unit, places on the 100 x 100 grid, times as epoch ms. */
import { z } from 'zod'

export const Transaction = z.object({
  id: z.string().min(1),
  user: z.string().min(1),
  terminal: z.string().min(1),
  amount: z.number().nonnegative(),
  x: z.number().min(0).max(100),
  y: z.number().min(0).max(100),
  at: z.int().nonnegative(),
})

export type Transaction = z.infer<typeof Transaction>
