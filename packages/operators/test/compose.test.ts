import { expect } from 'chai'
import { createApp, embedded, json } from '@millrace/core'
import { filter, keyBy, mapValues } from '@millrace/operators'

const orders = embedded('orders', { value: json<{ user: string; amount: number }>() })

describe('an operator in a pipe', () => {
  it('adds the node that the method of the stream adds', () => {
    const piped = createApp({ id: 'piped' })
    piped.stream(orders).pipe(
      filter((o) => o.amount > 1),
      keyBy((o) => o.user),
      mapValues((o) => o.amount),
    )
    const called = createApp({ id: 'called' })
    called
      .stream(orders)
      .filter((o) => o.amount > 1)
      .keyBy((o) => o.user)
      .mapValues((o) => o.amount)
    expect(piped.describe()).equal(called.describe())
  })
})
