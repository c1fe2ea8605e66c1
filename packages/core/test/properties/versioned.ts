// Versioned tables against oracles that keep every version for ever: the store alone, with freezes and restores in between, and the join
// of a stream as of the time of its rows, with and without grace.
import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@millrace/core/testing'
import { json, string } from '@millrace/core'
import { fold, opsOf } from '../../src/checkpoint/fold.ts'
import type { FoldedState } from '../../src/checkpoint/fold.ts'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import { Versions, versionedSpecs } from '../../src/state/versioned.ts'
import { picker, randomRows, rowsOf, same, shown } from './table-history.ts'
import type { Out, Step } from './table-history.ts'

export const histories: Readonly<Record<string, (seed: number) => void>> = {
  'versioned-store': store,
  'stream-table-versioned': asOf,
}

interface Naive {
  readonly value: unknown
  readonly from: number
  readonly order: number
}

/** All versions there ever were, looked through from end to end. */
class AllVersions {
  readonly #historyMs: number
  readonly #versions = new Map<string, Naive[]>()
  #order = 0
  time = -Infinity

  constructor(historyMs: number) {
    this.#historyMs = historyMs
  }

  #sorted(key: string): readonly Naive[] {
    const newest = new Map<number, Naive>()
    for (const version of this.#versions.get(key) ?? []) newest.set(version.from, version)
    return [...newest.values()].sort((a, b) => a.from - b.from)
  }

  put(key: string, value: unknown, from: number): 'expired' | 'latest' | 'older' {
    if (from < this.time - this.#historyMs) return 'expired'
    const latest = this.#sorted(key).every((version) => version.from <= from)
    this.#versions.set(key, [
      ...(this.#versions.get(key) ?? []),
      { value, from, order: this.#order++ },
    ])
    return latest ? 'latest' : 'older'
  }

  get(key: string): Naive | undefined {
    const last = this.#sorted(key).at(-1)
    return last === undefined || last.value === null ? undefined : last
  }

  at(
    key: string,
    time: number,
  ): { value: unknown; from: number; to: number | undefined } | undefined {
    const sorted = this.#sorted(key)
    const i = sorted.findLastIndex(({ from }) => from <= time)
    if (i < 0 || sorted[i]!.value === null) return undefined
    const isNewest = i === sorted.length - 1
    if (!isNewest && time < this.time - this.#historyMs) return undefined
    return { value: sorted[i]!.value, from: sorted[i]!.from, to: sorted[i + 1]?.from }
  }
}

// ---- the store alone

function store(seed: number): void {
  const pick = picker(seededRandom(seed))
  const historyMs = pick(4) === 0 ? 0 : pick(400)
  const specs = versionedSpecs('versions', string() as never, json() as never, historyMs)
  const folded: FoldedState = new Map()
  let state = new MemoryTaskState()
  let versions = new Versions(specs, (spec) => state.open(spec))
  const oracle = new AllVersions(historyMs)
  const keys = pick(2) === 0 ? ['a'] : ['a', 'b', 'c']
  // Now and then so many that older ones lie in runs of their own.
  const steps = pick(40) === 0 ? 1_200 : 10 + pick(60)
  const spread = 1 + pick(100)
  let now = 0
  for (let i = 0; i < steps; i++) {
    now += pick(4) === 0 ? pick(3) : 1
    const key = keys[pick(keys.length)]!
    const time = Math.max(0, now - (pick(2) === 0 ? pick(spread) : 0))
    const value = pick(5) === 0 ? null : { n: i }
    oracle.time = Math.max(oracle.time, time)
    versions.observe(time)
    const isNewest = versions.isNewest(key, time)
    const put = versions.put(key, value, time)
    agree(!put ? 'expired' : isNewest ? 'latest' : 'older', oracle.put(key, value, time), 'put')
    while (pick(3) === 0 && versions.expire(1 + pick(3)));
    if (pick(10) === 0) commit()
    if (pick(10) === 0) state = restart()
    if (steps < 100 || pick(10) === 0)
      for (const other of keys) check(other, Math.max(0, now - pick(spread + historyMs)))
  }
  const stride = 1 + Math.floor(now / 100)
  for (const key of keys) for (let time = 0; time <= now; time += stride) check(key, time)
  versions.observe(now + historyMs + 1)
  oracle.time = now + historyMs + 1
  while (versions.expire(10));
  commit()
  // What is left is one value a key that is there: no history, and nothing that waits.
  const left = [...folded].map(([name, rows]) => [name, rows.size] as const)
  const alive = keys.filter((key) => oracle.get(key) !== undefined).length
  agree(new Map(left).get('versions') ?? 0, alive, 'keys left')
  agree(new Map(left).get('versions/parts') ?? 0, 0, 'parts left')
  agree(new Map(left).get('versions/expiry') ?? 0, 0, 'expiry left')

  function commit(): void {
    fold(folded, state.freeze())
    state.decided()
  }

  function restart(): MemoryTaskState {
    commit()
    const fresh = new MemoryTaskState()
    versions = new Versions(specs, (spec) => fresh.open(spec))
    for (const [name, rows] of folded) fresh.restore(name, opsOf(rows))
    versions.observe(oracle.time)
    return fresh
  }

  function check(key: string, time: number): void {
    const newest = oracle.get(key)
    const got = versions.get(key)
    agree(got && [got.value, got.from], newest && [newest.value, newest.from], `get ${key}`)
    agree(versions.at(key, time), oracle.at(key, time), `${key} at ${time}`)
  }
}

function agree(got: unknown, wanted: unknown, what: string): void {
  if (isDeepStrictEqual(got, wanted)) return
  throw new Error(`${what}: came ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`)
}

// ---- a stream as of the time of its rows

function asOf(seed: number): void {
  const pick = picker(seededRandom(seed))
  const rows = randomRows(pick, ['s', 't'], (topic) => `${topic}${pick(20)}`)
  const historyMs = 5 + pick(40)
  const graceMs = pick(3) === 0 ? undefined : pick(Math.min(historyMs, 20))
  const left = pick(2) === 0
  const mapped = pick(2) === 0
  const clock = pick(2) === 0 ? 'streamTime' : 'watermark'
  const got = shown(pick, clock, rows, (app, out) => {
    const kept = app.table(rowsOf<string>('t'), { versioned: { history: `${historyMs}ms` } })
    const table = mapped ? kept.mapValues((v) => `${v}!`) : kept
    const stream = app.stream(rowsOf<string>('s'))
    const put = (s: string, t: string | null): object => [s, t]
    const options = graceMs === undefined ? {} : { grace: `${graceMs}ms` as const }
    const joined = left ? stream.leftJoin(table, put, options) : stream.join(table, put, options)
    joined.to(out('joined'))
  })

  const table = new AllVersions(historyMs)
  const waiting: { key: string; value: unknown; time: number; order: number }[] = []
  let buffered = -Infinity
  let watermark = -Infinity
  const heads = new Map<string, number>()
  const wanted = rows.map((row, order): Step => {
    const joined: Out[] = []
    const { topic, key, value, time } = row
    const join = (k: string | null, v: unknown, t: number): void => {
      const found = k === null ? undefined : table.at(k, t)
      const right = found === undefined ? null : mapped ? `${String(found.value)}!` : found.value
      if (right !== null || left) joined.push([k, [v, right], t])
    }
    const leave = (upTo: number): void => {
      waiting.sort((a, b) => a.time - b.time || compare(a.key, b.key) || a.order - b.order)
      while (waiting.length > 0 && waiting[0]!.time <= upTo) {
        const first = waiting.shift()!
        join(first.key, first.value, first.time)
      }
    }
    const operatorTime = clock === 'streamTime' ? undefined : watermark
    if (topic === 't') {
      if (key !== null) {
        table.time = operatorTime ?? Math.max(table.time, time)
        table.put(key, value, time)
      }
    } else if (value !== null && (key !== null || left)) {
      if (clock === 'watermark') table.time = watermark
      if (key === null || graceMs === undefined) join(key, value, time)
      else if (time < (operatorTime ?? buffered) - graceMs) join(key, value, time)
      else {
        waiting.push({ key, value, time, order })
        buffered = Math.max(buffered, time)
        leave((operatorTime ?? buffered) - graceMs)
      }
    }
    if (clock === 'watermark') {
      // Two splits: T is the lower of their highest times, and none before both have sent.
      heads.set(topic, Math.max(heads.get(topic) ?? -Infinity, time))
      const next = heads.size === 2 ? Math.min(...heads.values()) : -Infinity
      if (next > watermark) {
        // What leaves is behind the advance of the table, which is above.
        table.time = next
        if (graceMs !== undefined) leave(next - graceMs)
        watermark = next
      }
    }
    return { joined }
  })
  same(rows, got, wanted)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
