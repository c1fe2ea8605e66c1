/**
 * Sixty enrichments in a row, in the shape of operators that add a field: the compiler intersects as many types. Other
 * shapes of this signature ended at 49 with "excessively deep".
 */
import { createApp, embedded, json } from '@millrace/core'
import type { KStream } from '@millrace/core'
import { z } from 'zod'

declare function enrich<V, const N extends string>(
  as: N,
  from: (value: V) => number,
): <K>(stream: KStream<K, V>) => KStream<K, V & { readonly [P in N]: number }>

const Txn = z.object({ id: z.string(), userId: z.string(), amount: z.number(), at: z.number() })

const app = createApp({ id: 'sixty' })
const source = embedded('txns', { value: json(Txn) })

export const enriched = app
  .stream(source)
  .pipe(
    enrich('f1', (t) => t.amount),
    enrich('f2', (t) => t.f1 + 1),
    enrich('f3', (t) => t.f2 + 1),
    enrich('f4', (t) => t.f3 + 1),
    enrich('f5', (t) => t.f4 + 1),
    enrich('f6', (t) => t.f5 + 1),
    enrich('f7', (t) => t.f6 + 1),
    enrich('f8', (t) => t.f7 + 1),
    enrich('f9', (t) => t.f8 + 1),
    enrich('f10', (t) => t.f9 + 1),
  )
  .pipe(
    enrich('f11', (t) => t.f10 + 1),
    enrich('f12', (t) => t.f11 + 1),
    enrich('f13', (t) => t.f12 + 1),
    enrich('f14', (t) => t.f13 + 1),
    enrich('f15', (t) => t.f14 + 1),
    enrich('f16', (t) => t.f15 + 1),
    enrich('f17', (t) => t.f16 + 1),
    enrich('f18', (t) => t.f17 + 1),
    enrich('f19', (t) => t.f18 + 1),
    enrich('f20', (t) => t.f19 + 1),
  )
  .pipe(
    enrich('f21', (t) => t.f20 + 1),
    enrich('f22', (t) => t.f21 + 1),
    enrich('f23', (t) => t.f22 + 1),
    enrich('f24', (t) => t.f23 + 1),
    enrich('f25', (t) => t.f24 + 1),
    enrich('f26', (t) => t.f25 + 1),
    enrich('f27', (t) => t.f26 + 1),
    enrich('f28', (t) => t.f27 + 1),
    enrich('f29', (t) => t.f28 + 1),
    enrich('f30', (t) => t.f29 + 1),
  )
  .pipe(
    enrich('f31', (t) => t.f30 + 1),
    enrich('f32', (t) => t.f31 + 1),
    enrich('f33', (t) => t.f32 + 1),
    enrich('f34', (t) => t.f33 + 1),
    enrich('f35', (t) => t.f34 + 1),
    enrich('f36', (t) => t.f35 + 1),
    enrich('f37', (t) => t.f36 + 1),
    enrich('f38', (t) => t.f37 + 1),
    enrich('f39', (t) => t.f38 + 1),
    enrich('f40', (t) => t.f39 + 1),
  )
  .pipe(
    enrich('f41', (t) => t.f40 + 1),
    enrich('f42', (t) => t.f41 + 1),
    enrich('f43', (t) => t.f42 + 1),
    enrich('f44', (t) => t.f43 + 1),
    enrich('f45', (t) => t.f44 + 1),
    enrich('f46', (t) => t.f45 + 1),
    enrich('f47', (t) => t.f46 + 1),
    enrich('f48', (t) => t.f47 + 1),
    enrich('f49', (t) => t.f48 + 1),
    enrich('f50', (t) => t.f49 + 1),
  )
  .pipe(
    enrich('f51', (t) => t.f50 + 1),
    enrich('f52', (t) => t.f51 + 1),
    enrich('f53', (t) => t.f52 + 1),
    enrich('f54', (t) => t.f53 + 1),
    enrich('f55', (t) => t.f54 + 1),
    enrich('f56', (t) => t.f55 + 1),
    enrich('f57', (t) => t.f56 + 1),
    enrich('f58', (t) => t.f57 + 1),
    enrich('f59', (t) => t.f58 + 1),
    enrich('f60', (t) => t.f59 + 1),
  )
  .filter((t) => t.f1 < t.f60 && t.userId !== '')
