/**
 * MapValues, SelectKey and MapRow: one row in, one row out, the function being the user's. The result of the first row is
 * tested for a promise: `mapValues(async ...)` compiles, because a promise is a legal value, and is never what was meant.
 */
import { refusePromise } from './refuse-promise.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Encoder } from '../serde/serde.ts'
import { PlacementCheck } from './placement.ts'
import { RowOperator } from './row-operator.ts'
import { Step, stepKinds } from './step.ts'

/** A new value under the same key. */
export class MapValues extends RowOperator {
  constructor(map: (value: unknown, key: unknown) => unknown) {
    super(new Step(stepKinds.value, map))
  }
}

/** A new key for the same value. */
export class SelectKey extends RowOperator {
  constructor(key: (value: unknown, key: unknown) => unknown) {
    super(new Step(stepKinds.key, key))
  }
}

/** A new key that the split follows already, says the user: checked. */
export class PartitionedKey extends RowOperator {
  readonly #serde: Encoder<unknown>
  readonly #check: { by: PlacementCheck | undefined }

  constructor(key: (value: unknown, key: unknown) => unknown, serde: Encoder<unknown>) {
    const check: { by: PlacementCheck | undefined } = { by: undefined }
    const checked = (value: unknown, before: unknown): unknown => {
      const made = key(value, before)
      check.by?.check(made)
      return made
    }
    super(new Step(stepKinds.key, checked))
    this.#serde = serde
    this.#check = check
  }

  override open(node: Node): void {
    if (node.placement !== undefined)
      this.#check.by = new PlacementCheck(node.placement, this.#serde, node.name)
    super.open(node)
  }
}

/** A new key and a new value, as a pair. */
export class MapRow implements Processor {
  readonly #map: (value: unknown, key: unknown) => readonly [unknown, unknown]
  #node!: Node
  #first = true

  constructor(map: (value: unknown, key: unknown) => readonly [unknown, unknown]) {
    this.#map = map
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown): void {
    const node = this.#node
    node.counters.taken++
    let mapped: readonly [unknown, unknown]
    try {
      mapped = this.#map(value, key)
      if (this.#first) this.#first = refusePromise(mapped, node.name, 'mapValuesAsync')
      if (!Array.isArray(mapped)) throw new TypeError('map must return a pair [key, value]')
    } catch (error) {
      node.fail(error)
      return
    }
    node.counters.forwarded++
    node.next.process(mapped[0], mapped[1], node.row)
  }
}
