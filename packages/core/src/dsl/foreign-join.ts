/**
 * Joins of two tables by a key that the left value holds. The two sides are placed by different keys, so a left change crosses a log to
 * where its right row is, and the answer crosses another one back:
 *
 *   left ── subscribe ──> log, by right key ──> answering <── right
 *     └── join <── log, by left key <────────────┘
 *          └── table of the results
 *
 * Neither log holds T: the tasks on both ends would wait for each other.
 */
import { KeptTable } from '../processors/tables/kept-table.ts'
import { KeptFacts } from '../processors/table-facts.ts'
import { Answering } from '../processors/foreign/answering.ts'
import type { Job } from '../processors/foreign/answering.ts'
import { JoinAnswer } from '../processors/foreign/join-answer.ts'
import { answers, subscriptions } from '../processors/foreign/messages.ts'
import { Subscribe } from '../processors/foreign/subscribe.ts'
import { partKeys } from '../processors/foreign/subscribers.ts'
import type { FirstPart, Part, PartKey } from '../processors/foreign/subscribers.ts'
import type { Serde } from '../serde/serde.ts'
import { dueStore, engineStore } from '../state/key-value.ts'
import { derivedName } from '../topology/graph.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { ForeignJoinOptions } from './ktable.ts'
import { latestOf } from './latest-changes.ts'
import type { NodeOptions } from './kstream.ts'
import { placed } from './placed.ts'
import { always, isMaterialized, serdesOf, storeName, tableStore } from './table-node.ts'

export type ForeignKey = (value: unknown, key: unknown) => unknown
export type ForeignJoin = (left: unknown, right: unknown) => unknown

/** The parts of one join agree on these. */
interface Sides {
  readonly name: string
  readonly left: Cursor
  readonly right: Cursor
  readonly keepsLeft: boolean
  readonly leftKey: Serde<unknown>
  readonly leftValue: Serde<unknown>
  readonly rightKey: Serde<unknown>
  readonly rightValue: Serde<unknown>
  readonly partitions: number | undefined
  readonly onError: Pick<NodeOptions, 'onError'>
}

export function joinForeign(
  left: Cursor,
  right: Cursor,
  kind: 'join' | 'leftJoin',
  foreignKey: ForeignKey,
  join: ForeignJoin,
  options: ForeignJoinOptions,
): Cursor {
  const { onError } = options
  const { key: leftKey, value: leftValue } = serdesOf({}, left)
  const { key: rightKey, value: rightValue } = serdesOf({}, right)
  const sides: Sides = {
    name: options.name ?? derivedName([left.node, right.node], `${kind}Foreign`),
    left,
    right,
    keepsLeft: kind === 'leftJoin',
    leftKey,
    leftValue,
    rightKey,
    rightValue,
    partitions: options.partitions,
    onError: onError === undefined ? {} : { onError },
  }
  for (const { table } of [right, left]) {
    table!.tellOld(true)
    table!.read()
  }
  const subscribed = subscribe(sides, foreignKey)
  const answered = answer(sides, subscribed)
  const joined = joinAnswers(sides, answered, join)
  return latestOf(resultTable(sides, joined, options), options)
}

/** Changes of the left table, on their way to the right row of each. */
function subscribe(sides: Sides, foreignKey: ForeignKey): Cursor {
  const { name, left, right, keepsLeft, leftKey, leftValue, rightKey, partitions, onError } = sides
  const node = addRow(left.build, 'foreignSubscribe', onError, {
    inputs: [left.node],
    make: () =>
      new Subscribe({ foreignKey, keepsLeft, left: left.table!, leftKey, leftValue, rightKey }),
    changesKey: true,
    atMostOne: false,
    derived: `${name}.subscribe`,
  })
  return placed({ ...left, node }, `${name}-subscriptions`, {
    ...onError,
    key: rightKey,
    value: subscriptions,
    partitions,
    keepsNullKeys: keepsLeft,
    always: true,
    meets: right,
    timed: false,
  })
}

/** Answers of the right table, on their way back to the left row of each. */
function answer(sides: Sides, subscribed: Cursor): Cursor {
  const { name, left, right, leftKey, rightKey, rightValue, partitions, onError } = sides
  const firsts = engineStore<unknown, FirstPart>(`${name}/subscribers`, { key: rightKey })
  const parts = engineStore<PartKey, Part>(`${name}/subscribers/more`, { key: partKeys })
  const jobs = dueStore<Job>(`${name}/answers`)
  const node = addRow(right.build, 'foreignAnswer', onError, {
    inputs: [subscribed.node, right.node],
    make: () =>
      new Answering({ right: right.table!, leftKey, rightKey, rightValue, firsts, parts, jobs }),
    changesKey: true,
    atMostOne: false,
    stateful: true,
    stores: always(firsts, parts, jobs),
    reads: [right.node],
    params: { leftKey: leftKey.name, rightValue: rightValue.name },
    derived: `${name}.answer`,
  })
  return placed({ ...right, node }, `${name}-answers`, {
    ...onError,
    key: leftKey,
    value: answers,
    partitions,
    always: true,
    meets: left,
    timed: false,
  })
}

function joinAnswers(sides: Sides, answered: Cursor, join: ForeignJoin): Cursor {
  const { name, left, keepsLeft, leftValue, rightValue, onError } = sides
  const node = addRow(left.build, 'foreignJoin', onError, {
    inputs: [answered.node, left.node],
    make: () => new JoinAnswer({ join, keepsLeft, leftValue, rightValue }),
    reads: [left.node],
    params: { leftValue: leftValue.name },
    derived: `${name}.join`,
  })
  return { ...answered, node }
}

function resultTable(sides: Sides, joined: Cursor, options: ForeignJoinOptions): Cursor {
  const { name, left, onError } = sides
  const { key, value } = serdesOf(options, { key: sides.leftKey, value: undefined })
  const facts = new KeptFacts(isMaterialized(options))
  const store = tableStore(storeName(options, name), key, value, [joined.node])
  const stores = always(store.spec)
  const node = addRow(left.build, 'foreignTable', onError, {
    inputs: [joined.node],
    make: () => new KeptTable(facts, store),
    stateful: true,
    stores: () => (facts.stored ? stores() : []),
    derived: name,
  })
  return { build: left.build, node, key, value, rekeyed: false, table: facts }
}
