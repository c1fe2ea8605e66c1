// How many partitions a repartition log gets, and which joins are refused because their inputs are not placed alike.
import { expect } from 'chai'
import { createApp, embedded, json, string } from '../../src/index.ts'
import type { App } from '../../src/app.ts'
import { cursorOf } from '../../src/dsl/cursor.ts'
import { refuseUnequalPartitions, sizeRepartitions } from '../../src/topology/co-partition.ts'
import { compile } from '../../src/topology/compile.ts'

const topic = (name: string) =>
  embedded<string, { id: string }>(name, { key: string(), value: json<{ id: string }>() })

function parts(build: (app: App) => void) {
  const app = createApp({ id: 'co' })
  build(app)
  const anyStream = app.stream(topic('last'))
  return compile(cursorOf(anyStream).build.graph.nodes)
}

const counts = (sizes: Record<string, number>) => (name: string) => sizes[name]

describe('partitions of a repartition log', () => {
  it('are those that were asked for', () => {
    const built = parts((app) =>
      app
        .stream(topic('a'))
        .keyBy((v) => v.id)
        .repartition({ name: 'r', partitions: 6 })
        .foreach(() => {}),
    )
    expect([...sizeRepartitions(built, counts({ a: 3 }))]).to.eql([['r-repartition', 6]])
  })

  it('are those of the widest topic that rows come from', () => {
    const built = parts((app) =>
      app
        .stream(topic('a'))
        .merge(app.stream(topic('b')))
        .keyBy((v) => v.id)
        .repartition({ name: 'r' })
        .keyBy((v) => `${v.id}!`)
        .repartition({ name: 's' })
        .foreach(() => {}),
    )
    expect([...sizeRepartitions(built, counts({ a: 3, b: 5 }))]).to.eql([
      ['r-repartition', 5],
      ['s-repartition', 5],
    ])
  })

  it('are those of the topic that rows are joined with', () => {
    const built = parts((app) =>
      app
        .stream(topic('a'))
        .keyBy((v) => v.id)
        .join(app.stream(topic('b')), (left) => left, { within: '1s', name: 'pairs' })
        .foreach(() => {}),
    )
    const [size, ...others] = [...sizeRepartitions(built, counts({ a: 9, b: 2 })).values()]
    expect(size).to.equal(2)
    expect(others).to.eql([])
  })
})

describe('a join of topics with different numbers of partitions', () => {
  const built = () =>
    parts((app) =>
      app
        .stream(topic('a'))
        .join(app.stream(topic('b')), (left) => left, { within: '1s', name: 'pairs' })
        .foreach(() => {}),
    )

  it('is refused with what to do', () => {
    expect(() => refuseUnequalPartitions(built(), counts({ a: 3, b: 2 }))).throws(
      /pairs brings rows of one key together, but a has 3 partitions and b has 2: send one side through \.repartition/,
    )
  })

  it('is fine where they are alike, or where nobody can tell', () => {
    refuseUnequalPartitions(built(), counts({ a: 3, b: 3 }))
    refuseUnequalPartitions(built(), counts({}))
  })

  it('does not concern a merge, which brings no keys together', () => {
    const merged = parts((app) =>
      app
        .stream(topic('a'))
        .merge(app.stream(topic('b')))
        .foreach(() => {}),
    )
    refuseUnequalPartitions(merged, counts({ a: 3, b: 2 }))
  })
})
