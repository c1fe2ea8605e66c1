import { expect } from 'chai'
import { createApp, embedded, int32, json, string, tumbling } from '@millrace/core'
import type { App, KTable } from '@millrace/core'
import { TestDriver } from '@millrace/core/testing'
import { sink } from '../runtime/random-graph.ts'

interface Order {
  readonly customer: string | null
  readonly n: number
}

const orderSource = embedded('orders', { key: string(), value: json<Order>() })
const customers = embedded('customers', { key: string(), value: json<string[]>() })
const out = sink<string | null>('out')
const text = (order: Order, customer: string | null): string => `${order.n} ${customer}`

function build(app: App): { orders: KTable<string, Order>; names: KTable<string, string> } {
  const orders = app.table(orderSource)
  // Several changes of a right row in one input row.
  const names = app
    .stream(customers)
    .flatMapValues((values) => values)
    .toTable({ value: string(), name: 'names' })
  return { orders, names }
}

function conserved(driver: TestDriver): void {
  for (const node of driver.nodes) expect(driver.counters(node).conserved, node).equal(true)
}

describe('a join by foreign key', () => {
  it('answers a right change to thousands of left rows, in the order of their keys, each change to all before the next', () => {
    const app = createApp({ id: 'many' })
    const { orders, names } = build(app)
    orders
      .joinForeign(names, (order) => order.customer, text, { name: 'joined' })
      .toStream({ tombstones: true })
      .to(out)
    const driver = new TestDriver(app)
    const left = driver.createInputTopic<string, Order>('orders')
    const right = driver.createInputTopic<string, string[]>('customers')
    const keys = Array.from({ length: 2_000 }, (_, i) => `o${(i * 7919) % 2_000}`)
    keys.forEach((key, i) => left.pipeInput(key, { customer: 'c', n: i }, 1))
    driver.crash()
    right.pipeInput('c', ['Ann', 'Bea'], 2)
    driver.crash()
    const rows = driver.createOutputTopic<string, string>(out).readKeyValuesToList()
    const sorted = [...keys].sort((a, b) => (a < b ? -1 : 1))
    expect(rows.map(([key]) => key)).deep.equal([...sorted, ...sorted])
    const names2 = rows.map(([, value]) => value.slice(-3))
    expect(names2.slice(0, 2_000).every((name) => name === 'Ann')).equal(true)
    expect(names2.slice(2_000).every((name) => name === 'Bea')).equal(true)
    conserved(driver)
  })

  it('drops the answer to a left value that has changed meanwhile, and counts it', () => {
    const app = createApp({ id: 'stale' })
    const { names } = build(app)
    const bursts = embedded('bursts', { key: string(), value: json<Order[]>() })
    const orders = app
      .stream(bursts)
      .flatMapValues((values) => values)
      .toTable({ value: json<Order>() })
    orders
      .joinForeign(names, (order) => order.customer, text, { name: 'joined' })
      .toStream({ tombstones: true })
      .to(out)
    const driver = new TestDriver(app)
    driver.createInputTopic<string, string[]>('customers').pipeInput('c', ['Ann'], 1)
    const left = driver.createInputTopic<string, Order[]>('bursts')
    const order = (n: number): Order => ({ customer: 'c', n })
    left.pipeInput('o', [order(1), order(2), order(3)], 5)
    expect(driver.createOutputTopic(out).readKeyValuesToList()).deep.equal([['o', '3 Ann']])
    expect([...driver.counters('joined.join').reasons]).deep.equal([['fk-stale', 2]])
    conserved(driver)
  })

  it('counts left rows without a foreign key, where they are no results', () => {
    const app = createApp({ id: 'null' })
    const { orders, names } = build(app)
    orders
      .joinForeign(names, (order) => order.customer, text, { name: 'joined' })
      .toStream({ tombstones: true })
      .to(out)
    const driver = new TestDriver(app)
    driver.createInputTopic<string, string[]>('customers').pipeInput('c', ['Ann'], 1)
    const left = driver.createInputTopic<string, Order | null>('orders')
    left.pipeInput('o', { customer: null, n: 1 }, 2) // never had one
    left.pipeInput('o', { customer: 'c', n: 2 }, 3)
    left.pipeInput('o', { customer: null, n: 3 }, 4) // had one
    left.pipeInput('o', null, 5)
    expect(driver.createOutputTopic(out).readKeyValuesToList()).deep.equal([
      ['o', '2 Ann'],
      ['o', null],
    ])
    expect([...driver.counters('joined.subscribe').reasons]).deep.equal([['fk-null', 2]])
    conserved(driver)
  })

  it('joins a table with itself', () => {
    const app = createApp({ id: 'self' })
    const people = app.table(
      embedded('people', { key: string(), value: json<{ name: string; boss: string }>() }),
    )
    people
      .leftJoinForeign(
        people,
        ({ boss }) => boss,
        (person, boss) => `${person.name} < ${boss === null ? 'nobody' : boss.name}`,
      )
      .toStream()
      .to(out)
    const driver = new TestDriver(app, { partitions: 1 })
    const input = driver.createInputTopic<string, { name: string; boss: string }>('people')
    input.pipeInput('a', { name: 'Ann', boss: 'b' }, 1)
    input.pipeInput('b', { name: 'Bea', boss: 'b' }, 2)
    driver.crash()
    input.pipeInput('b', { name: 'Bo', boss: 'b' }, 3)
    const rows = driver.createOutputTopic<string, string>(out).readKeyValuesToList()
    expect(rows).deep.equal([
      ['a', 'Ann < nobody'],
      // The right side answers its subscribers before the left side's own subscription has come round.
      ['a', 'Ann < Bea'],
      ['b', 'Bea < Bea'],
      ['a', 'Ann < Bo'],
      ['b', 'Bo < Bo'],
    ])
    conserved(driver)
  })

  it('lets time pass on both sides, though rows go round in a circle', () => {
    const app = createApp({ id: 'time' })
    const { orders, names } = build(app)
    orders.joinForeign(names, (order) => order.customer, text).to(out)
    const counts = sink<number>('counts')
    orders
      .toStream()
      .groupByKey()
      .windowedBy(tumbling('10ms'))
      .emit('close')
      .count()
      .toStream()
      .to(counts as never)
    const driver = new TestDriver(app)
    const left = driver.createInputTopic<string, Order>('orders')
    left.pipeInput('o', { customer: 'c', n: 1 }, 1)
    left.pipeInput('o', { customer: 'c', n: 2 }, 2)
    left.pipeInput('o', { customer: 'c', n: 3 }, 12)
    expect(driver.createOutputTopic(counts as never).readValuesToList()).deep.equal([2])
  })

  it('is a table: looked up by others, and grouped', () => {
    const app = createApp({ id: 'table' })
    const { orders, names } = build(app)
    const joined = orders.joinForeign(names, (order) => order.customer, text, { value: string() })
    joined
      .groupBy((value) => [value.split(' ')[1]!, 1] as const, { value: int32() })
      .count()
      .toStream()
      .to(out as never)
    const driver = new TestDriver(app)
    const left = driver.createInputTopic<string, Order | null>('orders')
    const right = driver.createInputTopic<string, string[]>('customers')
    right.pipeInput('c', ['Ann'], 1)
    right.pipeInput('d', ['Bea'], 1)
    left.pipeInput('o', { customer: 'c', n: 1 }, 2)
    left.pipeInput('p', { customer: 'c', n: 1 }, 2)
    left.pipeInput('o', { customer: 'd', n: 1 }, 3)
    const rows = driver.createOutputTopic<string, number>(out as never).readKeyValuesToMap()
    expect([...rows].sort(([a], [b]) => (a < b ? -1 : 1))).deep.equal([
      ['Ann', 1],
      ['Bea', 1],
    ])
  })
})
