/**
 * A versioned store: the history of each key, so that a row can be joined with what was valid at its time. P is the highest time it
 * was told (`observe`); what had ended by P - history is out of reach and leaves. The newest version of a key never does, save a
 * deletion, which is forgotten once no older version can come any more.
 *
 * P belongs to the node, which tells it before it writes and reads: after a restore the node has its time back, and so has the store.
 * What has expired leaves when its key is written, else by `expire`; no read depends on when that happens.
 */
import type { Serde } from '../serde/serde.ts'
import { dueStore, engineStore } from './key-value.ts'
import type { Version, VersionedStore } from './shapes.ts'
import type { DueStore, KeyValueStore, StoreSpec } from './store.ts'
import type { StoreReader, StoreView, ViewContext } from './stored-rows.ts'
import { floor, historySerde, insert, partKeySerde, runSerde, takeFirst } from './version-run.ts'
import type { History, PartKey, Run } from './version-run.ts'
import { between, pairsOf, readOnly } from './views.ts'

/** Versions in a run. */
const runMax = 256

/** The stores in which the versions of a table lie. */
export interface VersionedSpecs {
  readonly key: Serde<unknown>
  readonly historyMs: number
  readonly histories: StoreSpec<KeyValueStore<unknown, History>>
  readonly parts: StoreSpec<KeyValueStore<PartKey, Run>>
  readonly expiry: StoreSpec<DueStore<null>>
}

export function versionedSpecs(
  name: string,
  key: Serde<unknown>,
  value: Serde<unknown>,
  historyMs: number,
): VersionedSpecs {
  const view: StoreView = { shape: 'versioned', open: (ctx) => readVersions(specs, ctx) }
  const specs: VersionedSpecs = Object.freeze({
    key,
    historyMs,
    histories: engineStore(name, { key, value: historySerde(value) }, () => view),
    parts: engineStore(`${name}/parts`, { key: partKeySerde(key), value: runSerde(value) }),
    expiry: dueStore(`${name}/expiry`),
  })
  return specs
}

/** For queries: the newest version of each key, or the one of a time. */
function readVersions(specs: VersionedSpecs, ctx: ViewContext): StoreReader {
  const versions = new Versions(specs, (spec) => spec.open(readOnly(ctx)))
  const heads = ctx.rows(specs.histories.name)
  return {
    get(key, asOf) {
      if (asOf === undefined) return versions.get(key)?.value
      versions.observe(ctx.times.operatorTime())
      return versions.at(key, asOf)?.value
    },
    between: (from, to, reverse) =>
      pairsOf(between(heads, specs.key, from, to, reverse), (row) => {
        const key = specs.key.decode(row.key)
        const version = versions.get(key)
        return version === undefined ? [] : [[key, version.value]]
      }),
  }
}

export class Versions implements VersionedStore<unknown, unknown> {
  readonly name: string
  readonly #key: Serde<unknown>
  readonly #historyMs: number
  readonly #histories: KeyValueStore<unknown, History>
  readonly #parts: KeyValueStore<PartKey, Run>
  readonly #expiry: DueStore<null>
  /** P - history. */
  #bound = -Infinity

  constructor(specs: VersionedSpecs, open: <S>(spec: StoreSpec<S>) => S) {
    this.name = specs.histories.name
    this.#key = specs.key
    this.#historyMs = specs.historyMs
    this.#histories = open(specs.histories)
    this.#parts = open(specs.parts)
    this.#expiry = open(specs.expiry)
  }

  /** P is at least this. */
  observe(time: number): void {
    const bound = time - this.#historyMs
    if (bound > this.#bound) this.#bound = bound
  }

  get(key: unknown): Version<unknown> | undefined {
    const history = this.#histories.get(key)
    return history === undefined
      ? undefined
      : versionOf(history, history.froms.length - 1, undefined)
  }

  at(key: unknown, time: number): Version<unknown> | undefined {
    const history = this.#histories.get(key)
    if (history === undefined) return undefined
    const { froms, parts } = history
    if (froms[froms.length - 1]! <= time) return versionOf(history, froms.length - 1, undefined)
    if (time < this.#bound) return undefined
    if (froms[0]! <= time) {
      const i = floor(froms, time)
      return versionOf(history, i, froms[i + 1])
    }
    const p = partAt(history, time)
    if (p < 0) return undefined
    const run = this.#parts.get({ key, id: parts[p]!.id })!
    const i = floor(run.froms, time)
    return versionOf(run, i, run.froms[i + 1] ?? endOf(history, p))
  }

  /** True if no version of the key is younger than this: one put at this time is its newest. */
  isNewest(key: unknown, time: number): boolean {
    const history = this.#histories.get(key)
    return history === undefined || history.froms[history.froms.length - 1]! <= time
  }

  put(key: unknown, value: unknown, time: number): boolean {
    if (time < this.#bound) return false
    const history = this.#histories.get(key) ?? {
      froms: [],
      values: [],
      parts: [],
      nextId: 0,
      due: NaN,
    }
    if (history.parts.length > 0 && time < history.froms[0]!) {
      this.#putInPart(key, history, value, time)
    } else {
      insert(history, value, time)
      if (history.froms.length > runMax)
        this.#addPart(key, history, history.parts.length, takeFirst(history, runMax / 2))
    }
    this.#prune(key, history)
    if (Number.isNaN(history.due)) this.#watch(key, history)
    this.#histories.put(key, history)
    return true
  }

  /** Lets up to `budget` keys forget what has expired; true while more may. */
  expire(budget: number): boolean {
    for (let left = budget; left > 0; left--) {
      const due = this.#expiry.first(this.#bound)
      if (due === undefined) return false
      this.#expiry.delete(due.time, due.id)
      const key = this.#key.decode(due.id)
      const history = this.#histories.get(key)
      if (history === undefined) continue
      history.due = NaN
      this.#prune(key, history)
      if (isForgotten(history, this.#bound)) {
        this.#histories.delete(key)
        continue
      }
      this.#watch(key, history)
      this.#histories.put(key, history)
    }
    return true
  }

  #putInPart(key: unknown, history: History, value: unknown, time: number): void {
    const p = Math.max(0, partAt(history, time))
    const part = history.parts[p]!
    const run = this.#parts.get({ key, id: part.id })!
    insert(run, value, time)
    part.from = run.froms[0]!
    if (run.froms.length > runMax) {
      const older = takeFirst(run, runMax / 2)
      part.from = run.froms[0]!
      this.#addPart(key, history, p, older)
    }
    this.#parts.put({ key, id: part.id }, run)
  }

  #addPart(key: unknown, history: History, at: number, run: Run): void {
    const id = history.nextId++
    history.parts.splice(at, 0, { from: run.froms[0]!, id })
    this.#parts.put({ key, id }, run)
  }

  /** What had ended by the bound leaves: whole runs, then the versions before the one that was valid then. */
  #prune(key: unknown, history: History): void {
    const { parts, froms } = history
    let ended = 0
    while (ended < parts.length && endOf(history, ended) <= this.#bound) {
      this.#parts.delete({ key, id: parts[ended]!.id })
      ended++
    }
    if (ended > 0) parts.splice(0, ended)
    if (parts.length > 0) return
    const valid = floor(froms, this.#bound)
    if (valid > 0) takeFirst(history, valid)
  }

  /** Once its newest version is as old as the history, everything before it has expired. */
  #watch(key: unknown, history: History): void {
    const { froms, parts, values } = history
    const last = froms.length - 1
    if (last === 0 && parts.length === 0 && values[last] !== null) return
    history.due = froms[last]!
    this.#expiry.put(history.due, this.#key.encode(key), null)
  }
}

/** The last older run that begins by then; -1: none. */
function partAt({ parts }: History, time: number): number {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (parts[middle]!.from <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** When the last version of an older run ended. */
function endOf({ froms, parts }: History, p: number): number {
  return p + 1 < parts.length ? parts[p + 1]!.from : froms[0]!
}

/** Nothing is left but a deletion, which no older version can precede any more. */
function isForgotten({ froms, parts, values }: History, bound: number): boolean {
  return parts.length === 0 && froms.length === 1 && values[0] === null && froms[0]! <= bound
}

function versionOf(
  { froms, values }: Run,
  i: number,
  to: number | undefined,
): Version<unknown> | undefined {
  const value = values[i]
  return value === null ? undefined : { value, from: froms[i]!, to }
}
