/**
 * The part of the suite of stores about due stores: order by time over all keys. On disk only the lowest entries are in memory:
 * a read that comes to their end says so, the state is refilled, and the read is made again, as a task does.
 */
import { msgpack } from '../../serde/msgpack.ts'
import { dueKey } from '../../state/due-key.ts'
import { dueStore } from '../../state/key-value.ts'
import type { StoreDelta, TaskState } from '../../state/state.ts'
import type { Due, DueStore } from '../../state/store.ts'
import { seededRandom } from '../seeded-random.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expectEqual } from './expect.ts'
import { folded, inRecord, one } from './store-subject.ts'
import type { StoreSubject } from './store-subject.ts'

interface Sum {
  n: number
}

interface OpenedDue<V> {
  readonly state: TaskState
  readonly due: DueStore<V>
}

const name = 'due'

export function ordersByTime(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [...reading(of), ...beingFrozen(of), ...randomly(of)]
}

function reading(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('gives what is due by time, then by the unsigned bytes of its id', async (subject) => {
      const opened = await openedDue<number>(subject)
      const { due } = opened
      due.put(5, id(200), 1)
      due.put(5, id(7), 2)
      due.put(5, id(7, 0), 3)
      due.put(-3, id(9), 4)
      due.put(2 ** 45, id(0), 5)
      due.put(5, id(), 6)
      expectEqual(await shownAll(opened), ['-3: = 4', '5: = 6', '5: = 2', '5: = 3', '5: = 1', `${2 ** 45}: = 5`], 'order') // prettier-ignore
      expectEqual(due.size, 6, 'size')
    }),
    of('gives the lowest entry up to a time, and nothing beyond it', async (subject) => {
      const opened = await openedDue<number>(subject)
      const { due } = opened
      for (const time of [30, 10, 20]) due.put(time, id(1), time)
      expectEqual(shown(await firstOf(opened, 9)), 'none', 'before the first')
      expectEqual(shown(await firstOf(opened, 10)), '10: = 10', 'at the first')
      due.delete(10, id(1))
      expectEqual(shown(await firstOf(opened, 19)), 'none', 'between')
      expectEqual(shown(await firstOf(opened, Infinity)), '20: = 20', 'the next')
      due.delete(20, id(1))
      due.delete(30, id(1))
      expectEqual(shown(await firstOf(opened, Infinity)), 'none', 'of nothing')
      expectEqual(due.size, 0, 'size')
    }),
    of('replaces an entry of the same time and id, and forgets one', async (subject) => {
      const { due } = await openedDue<number | null>(subject)
      due.put(1, id(1), 1)
      due.put(1, id(1), null)
      due.put(1, id(2), 2)
      due.delete(1, id(3))
      due.delete(2, id(1))
      expectEqual(due.size, 2, 'size')
      expectEqual(due.get(1, id(1)), null, 'the replaced value')
      due.delete(1, id(1))
      expectEqual(due.get(1, id(1)) === undefined, true, 'a deleted one is gone')
      expectEqual(due.size, 1, 'size behind a delete')
      due.put(1, id(1), 3)
      expectEqual(due.get(1, id(1)), 3, 'put again')
    }),
    of('does not change with an id that its caller goes on using', async (subject) => {
      const { due } = await openedDue<number>(subject)
      const bytes = id(1)
      due.put(1, bytes, 1)
      bytes[0] = 2
      expectEqual(due.get(1, id(1)), 1, 'under the old id')
      expectEqual(due.get(1, id(2)) === undefined, true, 'nothing under the new one')
    }),
    of('walks over entries in order, less those deleted meanwhile', async (subject) => {
      const opened = await openedDue<number>(subject)
      const { due } = opened
      for (const time of [1, 2, 3, 4]) due.put(time, id(time), time)
      due.delete(2, id(2))
      expectEqual(await shownAll(opened), ['1: = 1', '3: = 3', '4: = 4'], 'entries')
      const seen: number[] = []
      for (const { time } of due.entries()) {
        seen.push(time)
        due.delete(3, id(3))
      }
      expectEqual(seen.includes(3), false, 'the deleted one is left out')
    }),
    of('gives thousands in order, when they are written and read again', async (subject) => {
      const opened = await openedDue<number>(subject)
      const { state, due } = opened
      const random = seededRandom(3)
      const times = Array.from({ length: 3_000 }, () => Math.floor(random() * 1_000))
      for (const [i, time] of times.entries()) {
        due.put(time, id(i & 255, i >> 8), i)
        if (i % 700 === 699) await commit(state)
      }
      const sorted = times.toSorted((a, b) => a - b)
      for (const [i, time] of sorted.entries()) {
        const entry = await firstOf(opened, Infinity)
        if (entry?.time !== time) expectEqual(entry?.time, time, `entry ${i}`)
        due.delete(time, entry!.id)
        if (i % 900 === 899) await commit(state)
      }
      expectEqual(due.size, 0, 'size')
    }),
  ]
}

function beingFrozen(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('never shows in a frozen delta a due value that was changed behind it', async (subject) => {
      const opened = await openedDue<Sum>(subject)
      const { state, due } = opened
      for (const time of [1, 2, 3]) due.put(time, id(1), { n: 1 })
      const delta = one(state.freeze())
      due.first(1)!.value.n = 2
      due.get(2, id(1))!.n = 2
      for (const { value } of due.entries()) value.n = 2
      due.put(3, id(1), { n: 3 })
      const then = await restoredDue<Sum>(subject, [delta])
      expectEqual(
        await shownAll(then),
        ['1: = {"n":1}', '2: = {"n":1}', '3: = {"n":1}'],
        'what was frozen',
      )
    }),
    of('names each due entry once in a delta, under its time and id', async (subject) => {
      const { state, due } = await openedDue<number>(subject)
      due.put(1, id(1), 1)
      due.put(1, id(1), 2)
      due.put(2, id(1), 3)
      due.delete(2, id(1))
      expectEqual(state.dirty, 2, 'dirty entries')
      const delta = one(state.freeze())
      expectEqual(delta.size, 2, 'operations')
      expectEqual(
        delta.ops.map(({ key, value }) => [
          [...key],
          value === null ? null : msgpack().decode(value),
        ]),
        [
          [[...dueKey(1, id(1))], 2],
          [[...dueKey(2, id(1))], null],
        ],
        'operations',
      )
      expectEqual(state.dirty, 0, 'dirty entries behind the freeze')
    }),
    of('restores a due store from the fold of its deltas', async (subject) => {
      const opened = await openedDue<number>(subject)
      const { state, due } = opened
      const deltas: StoreDelta[] = []
      for (const time of [4, 2, 3, 1]) due.put(time, id(time), time)
      deltas.push(...state.freeze().map(asRecorded))
      state.decided()
      due.delete(2, id(2))
      due.put(3, id(3), 33)
      due.put(0, id(0), 0)
      deltas.push(...state.freeze())
      const again = await restoredDue<number>(subject, deltas)
      expectEqual(await shownAll(again), await shownAll(opened), 'entries')
      expectEqual(again.due.size, 4, 'size')
      expectEqual(again.state.freeze().length, 0, 'deltas of a store that was only restored')
    }),
  ]
}

const runs = 15
const steps = 300

function randomly(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return Array.from({ length: runs }, (_, i) => i + 1).map((seed) =>
    of(`agrees with a sorted list over random due entries and freezes, seed ${seed}`, (subject) =>
      play(subject, seed),
    ),
  )
}

/** The oracle: entries by the text of time and id. */
type Oracle = Map<string, { readonly time: number; readonly id: number; readonly n: number }>

async function play(subject: StoreSubject, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const draw = (below: number): number => Math.floor(random() * below)
  let opened = await openedDue<Sum>(subject)
  let oracle: Oracle = new Map()
  let decided: Oracle = new Map()
  const frozen: Oracle[] = []
  const log: StoreDelta[] = []
  const undecided: (readonly StoreDelta[])[] = []
  for (let step = 1; step <= steps; step++) {
    const [time, n] = [draw(40), draw(3)]
    const key = `${time}/${n}`
    const what = random()
    if (what < 0.5) {
      oracle.set(key, { time, id: n, n: step })
      opened.due.put(time, id(n), { n: step })
    } else if (what < 0.6) {
      oracle.delete(key)
      opened.due.delete(time, id(n))
    } else if (what < 0.68) {
      const lowest = sorted(oracle)[0]
      const first = await firstOf(opened, Infinity)
      expectEqual(first?.time, lowest?.time, `the first behind step ${step}`)
      if (first === undefined || lowest === undefined) continue
      opened.due.delete(first.time, first.id)
      oracle.delete(`${lowest.time}/${lowest.id}`)
    } else if (what < 0.72) {
      expectEqual(opened.due.get(time, id(n))?.n, oracle.get(key)?.n, `a get in step ${step}`)
    } else if (what < 0.82 && frozen.length < 2) {
      frozen.push(new Map(oracle))
      undecided.push(opened.state.freeze())
    } else if (what < 0.9 && frozen.length > 0) {
      decided = frozen.shift()!
      log.push(...undecided.shift()!)
      opened.state.decided()
    } else if (what < 0.97) {
      await opened.state.apply()
    } else if (what < 0.98) {
      await opened.state.close()
      opened = await restoredDue<Sum>(subject, log)
      oracle = new Map(decided)
      frozen.length = 0
      undecided.length = 0
    }
    expectEqual(opened.due.size, oracle.size, `size behind step ${step}`)
    if (step % 50 !== 0) continue
    const expected = sorted(oracle).map(({ time: at, n: value }) => `${at}: = {"n":${value}}`)
    expectEqual(await shownAll(opened), expected, `entries behind step ${step}`)
  }
}

function sorted(oracle: Oracle): readonly { time: number; id: number; n: number }[] {
  return [...oracle.values()].sort((a, b) => a.time - b.time || a.id - b.id)
}

async function openedDue<V>(subject: StoreSubject): Promise<OpenedDue<V>> {
  const state = await subject.state()
  return { state, due: state.open(dueStore<V>(name)) }
}

async function restoredDue<V>(
  subject: StoreSubject,
  deltas: readonly StoreDelta[],
): Promise<OpenedDue<V>> {
  const again = await openedDue<V>(subject)
  again.state.restore(name, folded(deltas, name))
  return again
}

async function commit(state: TaskState): Promise<void> {
  state.freeze()
  state.decided()
  await state.apply()
}

/** As a task does: what came to the end of memory is asked again behind a refill. */
async function firstOf<V>({ state, due }: OpenedDue<V>, upTo: number): Promise<Due<V> | undefined> {
  for (;;) {
    const first = due.first(upTo)
    if (!state.starved) return first
    await state.refill()
  }
}

async function shownAll<V>({ state, due }: OpenedDue<V>): Promise<readonly string[]> {
  for (;;) {
    const all = [...due.entries()].map(shown)
    if (!state.starved) return all
    await state.refill()
  }
}

function shown(entry: Due<unknown> | undefined): string {
  return entry === undefined ? 'none' : `${entry.time}: = ${JSON.stringify(entry.value)}`
}

function id(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from(bytes)
}

function asRecorded(delta: StoreDelta): StoreDelta {
  const { store, ops } = inRecord(delta)
  return { store, ops, size: ops.length, encode: () => false }
}
