/**
 * The stores of one task on one LevelDB, or on a part of one. What is decided is written later and in pieces, between rows;
 * writing and refilling take turns, so that a scan misses nothing that has just left memory.
 */
import { assert } from '../../assert.ts'
import { MillraceError } from '../../errors.ts'
import { NamedStores } from '../named-stores.ts'
import { undecidedMax } from '../state.ts'
import type { StoreDelta, StoreOp, TaskState } from '../state.ts'
import type { RowsOf, StoredRows } from '../stored-rows.ts'
import type { DueRows, DueStore, KeyValueStore, Rows, StoreClocks, StoreSpec } from '../store.ts'
import type { Budget } from './budget.ts'
import type { Backlog, Freeze } from './changes.ts'
import { DiskRows, kinds } from './disk.ts'
import type { LevelHandle } from './disk.ts'
import { LevelDueStore } from './due.ts'
import type { LevelPart } from './part.ts'
import { LevelStore } from './store.ts'

const storesMax = 256

export class LevelTaskState implements TaskState {
  readonly #level: LevelHandle
  readonly #prefix: Uint8Array
  readonly #budget: Budget
  readonly #release: () => Promise<void>
  readonly #stores = new NamedStores<LevelPart>()
  readonly #dues: LevelDueStore<never>[] = []
  readonly #keyValues: Map<string, Pick<LevelStore<never, never>, 'rows'>> = new Map()
  readonly #undecided: (readonly Freeze[])[] = []
  /** Of this task's stores, and counted into the worker's. */
  readonly #backlog: TaskBacklog
  #starved = false
  #closed = false
  #turns: Promise<void> = Promise.resolve()

  /** `prefix`: of its rows in the database. `release` gives the database back. */
  constructor(
    level: LevelHandle,
    prefix: Uint8Array,
    budget: Budget,
    release: () => Promise<void>,
  ) {
    this.#level = level
    this.#prefix = prefix
    this.#budget = budget
    this.#release = release
    this.#backlog = new TaskBacklog(budget.backlog)
  }

  open<S>(spec: StoreSpec<S>, clocks?: StoreClocks): S {
    if (spec.retentionMs !== undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the store ${spec.name} lets rows go by their time, which state on disk does not do yet: leave retention out`,
      )
    return spec.open({
      clocks,
      keyValue: <K, V>(rows: Rows<K, V>): KeyValueStore<K, V> => {
        const disk = { rows: this.#rows(kinds.value), cache: this.#budget.cache }
        const store = this.#stores.add(new LevelStore(rows, { ...disk, backlog: this.#backlog }))
        this.#keyValues.set(rows.name, store)
        return store
      },
      due: <V>(rows: DueRows<V>): DueStore<V> => {
        const disk = { rows: this.#rows(kinds.due), backlog: this.#backlog }
        const onStarved = (): void => void (this.#starved = true)
        const store = new LevelDueStore(rows, disk, this.#budget.dueFront, onStarved)
        this.#dues.push(store as unknown as LevelDueStore<never>)
        return this.#stores.add(store)
      },
    })
  }

  #rows(kind: number): DiskRows {
    const number = this.#stores.size
    if (number === storesMax)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `a task has more than ${storesMax} stores: divide the topology by a topic in between`,
      )
    return new DiskRows(this.#level, Uint8Array.of(...this.#prefix, number, kind))
  }

  restore(name: string, ops: Iterable<StoreOp>): void {
    const store = this.#stores.restored(name)
    store.restore(ops)
  }

  get dirty(): number {
    return this.#stores.dirty
  }

  freeze(): readonly StoreDelta[] {
    assert(this.#undecided.length < undecidedMax, 'Law 7: a third freeze waits for a decision')
    const freezes: Freeze[] = []
    for (const store of this.#stores.values()) if (store.dirty > 0) freezes.push(store.freeze())
    this.#undecided.push(freezes)
    return freezes.map(({ delta }) => delta)
  }

  decided(): void {
    const freezes = this.#undecided.shift()
    assert(freezes !== undefined, 'Law 3: a decision belongs to a freeze')
    for (const freeze of freezes) freeze.decided()
  }

  rows(store: string, of: RowsOf): StoredRows {
    return this.#keyValues.get(store)!.rows(of)
  }

  // ---- the disk

  /** Of what the worker's tasks together may have unwritten; 0 if there is nothing of this one. */
  get unapplied(): number {
    return this.#backlog.own === 0 ? 0 : this.#budget.backlog.bytes / this.#budget.backlogMax
  }

  apply(): Promise<void> {
    return this.#inTurn(async () => {
      for (const store of this.#stores.values())
        while (!this.#closed && (await store.apply())) continue
    })
  }

  get starved(): boolean {
    return this.#starved
  }

  refill(): Promise<void> {
    return this.#inTurn(async () => {
      for (const store of this.#dues) if (store.starved && !this.#closed) await store.refill()
      this.#starved = this.#dues.some(({ starved }) => starved)
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns
    for (const store of this.#stores.values()) store.close()
    this.#budget.cache.sweep()
    await this.#release()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turns.then(work)
    this.#turns = turn.catch(() => {})
    return turn
  }
}

/** What one task has decided and not written: counted for itself and for its worker. */
class TaskBacklog implements Backlog {
  own = 0
  readonly #worker: Backlog

  constructor(worker: Backlog) {
    this.#worker = worker
  }

  get bytes(): number {
    return this.own
  }

  set bytes(bytes: number) {
    this.#worker.bytes += bytes - this.own
    this.own = bytes
  }
}
