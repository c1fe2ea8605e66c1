/** The stores of one task, by name (law 11): two of one name are refused, and rows of one that is not there. */
import { MillraceError } from '../errors.ts'

export class NamedStores<S extends { readonly dirty: number }> {
  readonly #stores: Map<string, S> = new Map()

  add<T extends S & { readonly name: string }>(store: T): T {
    if (this.#stores.has(store.name))
      throw new MillraceError(
        'MILLRACE_DUPLICATE_NAME',
        `two stores of one task are named ${store.name}: give one of them another name`,
      )
    this.#stores.set(store.name, store)
    return store
  }

  /** The store that rows of the checkpoint belong to. */
  restored(name: string): S {
    const store = this.#stores.get(name)
    if (store === undefined)
      throw new MillraceError(
        'MILLRACE_TOPOLOGY_CHANGED',
        `the checkpoint holds rows of the store ${name}, which this topology does not have: give the store its old name, or start with an empty checkpoint`,
      )
    return store
  }

  values(): Iterable<S> {
    return this.#stores.values()
  }

  get size(): number {
    return this.#stores.size
  }

  /** Keys changed since the last freeze. */
  get dirty(): number {
    let dirty = 0
    for (const store of this.#stores.values()) dirty += store.dirty
    return dirty
  }

  clear(): void {
    this.#stores.clear()
  }
}
