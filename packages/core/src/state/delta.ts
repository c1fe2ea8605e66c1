/**
 * The delta of a freeze: objects at first, bytes when somebody needs them: the commit, slice by slice, or the store before it
 * hands an object out again. Behind that the object is free to change.
 */
import { MillraceError, messageOf } from '../errors.ts'
import type { Encoder } from '../serde/serde.ts'
import type { StoreDelta, StoreOp } from './state.ts'

export class FrozenValue<V> implements StoreOp {
  readonly key: Uint8Array
  readonly #store: string
  readonly #serde: Encoder<V>
  #object: V | undefined
  #bytes: Uint8Array | undefined = undefined

  constructor(store: string, serde: Encoder<V>, key: Uint8Array, object: V) {
    this.#store = store
    this.#serde = serde
    this.key = key
    this.#object = object
  }

  get encoded(): boolean {
    return this.#bytes !== undefined
  }

  get value(): Uint8Array {
    return this.#bytes ?? this.encode()
  }

  encode(): Uint8Array {
    if (this.#bytes !== undefined) return this.#bytes
    const object = this.#object as V
    let bytes: Uint8Array
    try {
      bytes = this.#serde.encode(object)
    } catch (error) {
      throw new MillraceError(
        'MILLRACE_ENCODE',
        `the store ${this.#store} holds a value that its serde cannot encode: ${messageOf(error)}`,
        { cause: error },
      )
    }
    // A serde of bytes gives the object itself, which may change from now on.
    this.#bytes = (bytes as unknown) === object ? bytes.slice() : bytes
    this.#object = undefined
    return this.#bytes
  }
}

export class FrozenDelta<V> implements StoreDelta {
  readonly store: string
  readonly #ops: readonly (FrozenValue<V> | StoreOp)[]
  #next = 0

  constructor(store: string, ops: readonly (FrozenValue<V> | StoreOp)[]) {
    this.store = store
    this.#ops = ops
  }

  get size(): number {
    return this.#ops.length
  }

  encode(budget: number): boolean {
    for (let left = budget; this.#next < this.#ops.length && left > 0; this.#next++) {
      const op = this.#ops[this.#next]!
      if (!(op instanceof FrozenValue) || op.encoded) continue
      op.encode()
      left--
    }
    return this.#next < this.#ops.length
  }

  get ops(): readonly StoreOp[] {
    this.encode(Infinity)
    return this.#ops
  }
}
