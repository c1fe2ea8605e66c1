/** The stores of one task, in memory: gone with the task, and back by a restore. */
import { assert } from '../../assert.ts'
import { MillraceError } from '../../errors.ts'
import { undecidedMax } from '../state.ts'
import type { StoreDelta, StoreOp, TaskState } from '../state.ts'
import type { DueRows, DueStore, KeyValueStore, Rows, StoreClocks, StoreSpec } from '../store.ts'
import { MemoryDueStore } from './due.ts'
import { MemoryStore } from './store.ts'

/** The part of a store that has no types. */
type AnyStore = Pick<MemoryStore<never, never>, 'dirty' | 'freeze' | 'restore'>

export class MemoryTaskState implements TaskState {
  readonly #stores = new Map<string, AnyStore>()
  #undecided = 0

  open<S>(spec: StoreSpec<S>, clocks?: StoreClocks): S {
    if (spec.retentionMs !== undefined)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the store ${spec.name} lets rows go by their time, which state in memory does not do yet: leave retention out`,
      )
    return spec.open({
      clocks,
      keyValue: <K, V>(rows: Rows<K, V>): KeyValueStore<K, V> => this.#add(new MemoryStore(rows)),
      due: <V>(rows: DueRows<V>): DueStore<V> => this.#add(new MemoryDueStore(rows)),
    })
  }

  #add<S extends AnyStore & { readonly name: string }>(store: S): S {
    if (this.#stores.has(store.name))
      throw new MillraceError(
        'MILLRACE_DUPLICATE_NAME',
        `two stores of one task are named ${store.name}: give one of them another name`,
      )
    this.#stores.set(store.name, store)
    return store
  }

  /** Everything is in memory. */
  get starved(): boolean {
    return false
  }

  refill(): Promise<void> {
    return Promise.resolve()
  }

  restore(name: string, ops: Iterable<StoreOp>): void {
    const store = this.#stores.get(name)
    if (store === undefined)
      throw new MillraceError(
        'MILLRACE_TOPOLOGY_CHANGED',
        `the checkpoint holds rows of the store ${name}, which this topology does not have: give the store its old name, or start with an empty checkpoint`,
      )
    store.restore(ops)
  }

  get dirty(): number {
    let dirty = 0
    for (const store of this.#stores.values()) dirty += store.dirty
    return dirty
  }

  freeze(): readonly StoreDelta[] {
    assert(this.#undecided < undecidedMax, 'Law 7: a third freeze waits for a decision')
    this.#undecided++
    const deltas: StoreDelta[] = []
    for (const store of this.#stores.values()) if (store.dirty > 0) deltas.push(store.freeze())
    return deltas
  }

  decided(): void {
    assert(this.#undecided > 0, 'Law 3: a decision belongs to a freeze')
    this.#undecided--
  }

  get unapplied(): number {
    return 0
  }

  apply(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#stores.clear()
    return Promise.resolve()
  }
}
