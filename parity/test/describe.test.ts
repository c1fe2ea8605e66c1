// Our topologies as Kafka Streams would print them. Most texts are recorded cases; here is what they leave open.
import { expect } from 'chai'
import type { PlanNode } from '../src/case.ts'
import { textDifference } from '../src/describe/compare-text.ts'
import { javaSetOrder } from '../src/describe/java-set.ts'
import { kafkaText } from '../src/describe/kafka-text.ts'
import { build } from '../src/plan/build.ts'

const text = { key: 'string', value: 'string' }

describe('the text of a topology', () => {
  it('has a repartition log, named by the store behind it, with a filter in front', () => {
    const drawn = textOf(
      { id: 'in', op: 'stream', topic: 'in' },
      { id: 'words', op: 'flatMapValues', from: 'in', fn: "v => v.split(' ')" },
      { id: 'grouped', op: 'groupBy', from: 'words', fn: '(k, v) => v' },
      { id: 'count', op: 'count', from: 'grouped' },
    )
    expect(drawn).equal(
      `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [in])
      --> KSTREAM-FLATMAPVALUES-0000000001
    Processor: KSTREAM-FLATMAPVALUES-0000000001 (stores: [])
      --> KSTREAM-KEY-SELECT-0000000002
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-KEY-SELECT-0000000002 (stores: [])
      --> KSTREAM-FILTER-0000000007
      <-- KSTREAM-FLATMAPVALUES-0000000001
    Processor: KSTREAM-FILTER-0000000007 (stores: [])
      --> KSTREAM-SINK-0000000006
      <-- KSTREAM-KEY-SELECT-0000000002
    Sink: KSTREAM-SINK-0000000006 (topic: KSTREAM-AGGREGATE-STATE-STORE-0000000004-repartition)
      <-- KSTREAM-FILTER-0000000007

  Sub-topology: 1
    Source: KSTREAM-SOURCE-0000000008 (topics: [KSTREAM-AGGREGATE-STATE-STORE-0000000004-repartition])
      --> KSTREAM-AGGREGATE-0000000005
    Processor: KSTREAM-AGGREGATE-0000000005 (stores: [KSTREAM-AGGREGATE-STATE-STORE-0000000004])
      --> none
      <-- KSTREAM-SOURCE-0000000008

`,
    )
  })

  it('has global tables as sub-topologies of their own', () => {
    const drawn = textOf(
      { id: 'in', op: 'stream', topic: 'in' },
      { id: 'g', op: 'globalTable', topic: 'global' },
      {
        id: 'j',
        op: 'leftJoin',
        from: 'in',
        with: 'g',
        kind: 'stream-global',
        keyMapper: '(k, v) => v',
        fn: '(l, r) => l',
        valueType: 'string',
      },
      { id: 'out', op: 'to', from: 'j', topic: 'out', keyType: 'string', valueType: 'string' },
    )
    expect(drawn).equal(
      `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [in])
      --> KSTREAM-LEFTJOIN-0000000004
    Processor: KSTREAM-LEFTJOIN-0000000004 (stores: [])
      --> KSTREAM-SINK-0000000005
      <-- KSTREAM-SOURCE-0000000000
    Sink: KSTREAM-SINK-0000000005 (topic: out)
      <-- KSTREAM-LEFTJOIN-0000000004

  Sub-topology: 1 for global store (will not generate tasks)
    Source: KSTREAM-SOURCE-0000000002 (topics: [global])
      --> KTABLE-SOURCE-0000000003
    Processor: KTABLE-SOURCE-0000000003 (stores: [global-STATE-STORE-0000000001])
      --> none
      <-- KSTREAM-SOURCE-0000000002
`,
    )
  })

  it('lists stores as a set of Java does', () => {
    expect(javaSetOrder(['b', 'q', 'a'])).deep.equal(['q', 'a', 'b'])
  })

  it('is compared by the rank of numbers among those with their prefix', () => {
    expect(textDifference('A-0000000003 B-0000000009', 'A-0000000001 B-0000000001')).equal(
      undefined,
    )
    expect(textDifference('A-0000000003 A-0000000009', 'A-0000000003 A-0000000003')).equal(
      'line 1: expected "A-#0 A-#1", got "A-#0 A-#0"',
    )
  })
})

function textOf(...nodes: readonly PlanNode[]): string {
  const named = nodes.flatMap(({ topic, op }) =>
    typeof topic === 'string' && op !== 'to' ? [[topic, text] as const] : [],
  )
  return kafkaText(build({ topics: Object.fromEntries(named), nodes }).app.topology())
}
