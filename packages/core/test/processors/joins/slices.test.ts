// What a join owes leaves in slices, and a commit may come between any two of them: neither shows in its results.
import { expect } from 'chai'
import { createApp, embedded, json, string } from '@millrace/core'
import type { Clock } from '@millrace/core'
import { Node } from '../../../src/processors/node.ts'
import type { Processor } from '../../../src/processors/processor.ts'
import { Row } from '../../../src/processors/row.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'
import type { StoreOp } from '../../../src/state/state.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'
import { storesOf } from '../../../src/topology/graph-node.ts'
import type { GraphNode, RowNode } from '../../../src/topology/graph-node.ts'
import { sink } from '../../runtime/random-graph.ts'

interface In {
  readonly side: 0 | 1
  readonly key: string | null
  readonly value: number | null
  readonly time: number
}

function outerJoin(clock: Clock): RowNode {
  const app = createApp({ id: 'slices', clock })
  const stream = (topic: string) =>
    app.stream(embedded(topic, { key: string(), value: json<number>() }))
  stream('l')
    .outerJoin(stream('r'), (l, r) => `${l}+${r}`, {
      name: 'joined',
      within: { before: '4ms', after: '9ms' },
      grace: '2ms',
    })
    .to(sink('out'))
  const nodes: readonly GraphNode[] = app.topology().subTopologies.flatMap((part) => part.nodes)
  return nodes.find((node): node is RowNode => node.name === 'joined')!
}

/** The processor on its own, with state that can be thrown away and restored. */
class Rig {
  readonly shown: string[] = []
  readonly #graphNode: RowNode
  readonly #clock: Clock
  readonly #sliceRows: number
  readonly #checkpoint = new Map<string, Map<string, StoreOp>>()
  #state!: MemoryTaskState
  #node!: Node
  #processor!: Processor

  constructor(graphNode: RowNode, clock: Clock, sliceRows: number) {
    this.#graphNode = graphNode
    this.#clock = clock
    this.#sliceRows = sliceRows
    this.#build()
  }

  #build(): void {
    const failures = {
      failed: (_node: unknown, error: unknown) => {
        throw error as Error
      },
      rejected: () => {},
    }
    this.#state = new MemoryTaskState()
    this.#node = new Node('joined', new Row(), { now: 0 }, failures, this.#clock === 'streamTime')
    this.#node.sliceRows = this.#sliceRows
    this.#node.stores = new Map(
      storesOf(this.#graphNode).map((spec) => [spec.name, this.#state.open(spec)]),
    )
    this.#node.next = {
      process: (key, value, row) =>
        this.shown.push(`${String(key)}: ${String(value)} @${row.time}`),
    }
    this.#processor = this.#graphNode.make()
    this.#processor.open(this.#node)
  }

  feed({ side, key, value, time }: In): void {
    this.#node.row.time = time
    this.#processor.sides![side]!.process(key, value, this.#node.row)
  }

  advance(watermark: number): void {
    this.#processor.advance?.(watermark)
  }

  /** The advance has passed the stage. */
  passed(watermark: number): void {
    this.#node.row.watermark = watermark
  }

  drain(budget: number): boolean {
    return this.#processor.drain!(budget)
  }

  restart(): void {
    for (const { store, ops } of this.#state.freeze()) {
      const rows = this.#checkpoint.get(store) ?? new Map<string, StoreOp>()
      this.#checkpoint.set(store, rows)
      for (const op of ops) {
        const name = Buffer.from(op.key).toString('hex')
        if (op.value === null) rows.delete(name)
        else rows.set(name, op)
      }
    }
    const { streamTime, row } = this.#node
    this.#build()
    for (const [store, rows] of this.#checkpoint) this.#state.restore(store, rows.values())
    this.#node.streamTime = streamTime
    this.#node.row.watermark = row.watermark
  }

  get conserved(): boolean {
    return this.#node.counters.conserved
  }
}

/** Groups of rows that one source row makes; nothing is drained between the rows of a group. */
function randomGroups(pick: (n: number) => number): readonly (readonly In[])[] {
  let now = 20
  return Array.from({ length: 30 }, () => {
    now += pick(4) === 0 ? 20 : pick(4)
    return Array.from({ length: 1 + pick(4) }, () => ({
      side: pick(2) as 0 | 1,
      key: pick(20) === 0 ? null : `k${pick(4)}`,
      value: pick(15) === 0 ? null : pick(100),
      time: Math.max(0, now - pick(8)),
    }))
  })
}

/** `pick`: slices of random size with restarts between them; undefined: all at once. */
function shownBy(
  clock: Clock,
  groups: readonly (readonly In[])[],
  pick: ((n: number) => number) | undefined,
): readonly string[] {
  const rig = new Rig(outerJoin(clock), clock, pick === undefined ? Infinity : 1 + pick(3))
  const pay = (advance: number | undefined): void => {
    while (rig.drain(pick === undefined ? Infinity : 1 + pick(4))) {
      if (pick === undefined || pick(3) !== 0) continue
      rig.restart()
      if (advance === undefined) continue
      // The task pays what was owed at the old T, then begins the advance again.
      while (rig.drain(1));
      rig.advance(advance)
    }
  }
  for (const group of groups) {
    for (const row of group) rig.feed(row)
    pay(undefined)
    if (pick?.(5) === 0) {
      rig.restart()
      pay(undefined)
    }
    if (clock === 'streamTime') continue
    const watermark = Math.max(...group.map(({ time }) => time)) - 3
    rig.advance(watermark)
    pay(watermark)
    rig.passed(watermark)
  }
  expect(rig.conserved).equal(true)
  return rig.shown
}

describe('the slices in which a join pays what it owes', () => {
  for (const clock of ['streamTime', 'watermark'] as const)
    it(`show in no result, restarts between them included (${clock})`, () => {
      for (let seed = 1; seed <= 150; seed++) {
        const random = seededRandom(seed)
        const pick = (n: number): number => Math.floor(random() * n)
        const groups = randomGroups(pick)
        expect(shownBy(clock, groups, pick), `seed ${seed}`).deep.equal(
          shownBy(clock, groups, undefined),
        )
      }
    })
})
