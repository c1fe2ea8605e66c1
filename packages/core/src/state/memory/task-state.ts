/** The stores of one task, in memory: gone with the task, and back by a restore. */
import { assert } from '../../assert.ts'
import { MillraceError } from '../../errors.ts'
import { NamedStores } from '../named-stores.ts'
import { undecidedMax } from '../state.ts'
import type { StoreDelta, StoreOp, TaskState } from '../state.ts'
import type { DueRows, DueStore, KeyValueStore, Rows, StoreClocks, StoreSpec } from '../store.ts'
import { unavailable } from '../stored-rows.ts'
import type { RowsOf, StoredRows } from '../stored-rows.ts'
import { CommittedRows } from './committed.ts'
import { MemoryDueStore } from './due.ts'
import { MemoryStore } from './store.ts'

/** The part of a store that has no types. */
type AnyStore = Pick<MemoryStore<never, never>, 'dirty' | 'freeze' | 'restore'>

export class MemoryTaskState implements TaskState {
  readonly #stores = new NamedStores<AnyStore>()
  /** What queries read: key-value stores, and what is committed in them. */
  readonly #newest = new Map<string, StoredRows>()
  readonly #committed: Map<string, CommittedRows> | undefined
  /** Frozen, not decided; without queries nobody keeps what is in them. */
  readonly #undecided: (readonly StoreDelta[])[] = []

  constructor({ queries = false }: { readonly queries?: boolean } = {}) {
    this.#committed = queries ? new Map() : undefined
  }

  open<S>(spec: StoreSpec<S>, clocks?: StoreClocks): S {
    if (spec.retentionMs !== undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the store ${spec.name} lets rows go by their time, which state in memory does not do yet: leave retention out`,
      )
    return spec.open({
      clocks,
      keyValue: <K, V>(rows: Rows<K, V>): KeyValueStore<K, V> => {
        const store = this.#stores.add(new MemoryStore(rows))
        this.#newest.set(rows.name, store.newest)
        this.#committed?.set(rows.name, new CommittedRows(rows.name))
        return store
      },
      due: <V>(rows: DueRows<V>): DueStore<V> => this.#stores.add(new MemoryDueStore(rows)),
    })
  }

  /** Everything is in memory. */
  get starved(): boolean {
    return false
  }

  refill(): Promise<void> {
    return Promise.resolve()
  }

  restore(name: string, ops: Iterable<StoreOp>): void {
    const store = this.#stores.restored(name)
    const committed = this.#committed?.get(name)
    if (committed === undefined) {
      store.restore(ops)
      return
    }
    const rows = [...ops]
    store.restore(rows)
    committed.apply(rows)
  }

  get dirty(): number {
    return this.#stores.dirty
  }

  freeze(): readonly StoreDelta[] {
    assert(this.#undecided.length < undecidedMax, 'Law 7: a third freeze waits for a decision')
    const deltas: StoreDelta[] = []
    for (const store of this.#stores.values()) if (store.dirty > 0) deltas.push(store.freeze())
    this.#undecided.push(this.#committed === undefined ? none : deltas)
    return deltas
  }

  decided(): void {
    const deltas = this.#undecided.shift()
    assert(deltas !== undefined, 'Law 3: a decision belongs to a freeze')
    for (const { store, ops } of deltas) this.#committed!.get(store)?.apply(ops)
  }

  rows(store: string, of: RowsOf): StoredRows {
    if (of === 'committed' && this.#committed === undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `state in memory keeps no committed rows of the store ${store}: give the app memoryState({ queries: true }) or level(), or ask for app.store('${store}', { committed: false })`,
      )
    const rows = (of === 'committed' ? this.#committed! : this.#newest).get(store)
    if (rows === undefined) throw unavailable(store, 'its task is closed')
    return rows
  }

  get unapplied(): number {
    return 0
  }

  apply(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#stores.clear()
    this.#newest.clear()
    this.#committed?.clear()
    return Promise.resolve()
  }
}

const none: readonly StoreDelta[] = Object.freeze([])
