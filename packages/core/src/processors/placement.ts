/**
 * Placement: `keyBy(f, { partitioned: true })` says that the split follows the new key already. That is checked where a key is first
 * seen, not believed: a key whose rows lie in several splits would be counted in several places.
 */
import { MillraceError } from '../errors.ts'
import { partitionOf } from '../hash.ts'
import type { Encoder } from '../serde/serde.ts'

/** Where a task stands among those of its sub-topology. */
export interface Placement {
  readonly partition: number
  readonly partitions: number
}

/** Keys remembered as checked; beyond it they are checked again. */
const checkedMax = 100_000

export class PlacementCheck {
  readonly #placement: Placement
  readonly #encode: (key: unknown) => Uint8Array
  readonly #node: string
  readonly #checked = new Set<unknown>()

  constructor(placement: Placement, serde: Encoder<unknown>, node: string) {
    this.#placement = placement
    this.#encode = (key) => serde.encode(key)
    this.#node = node
  }

  check(key: unknown): void {
    if (key === null || key === undefined || this.#checked.has(key)) return
    const { partition, partitions } = this.#placement
    const belongs = partitionOf(this.#encode(key), partitions)
    if (belongs !== partition)
      throw new MillraceError(
        'MILLRACE_NODE_FAILED',
        `the key ${JSON.stringify(key)} came from partition ${partition} of ${partitions} and belongs to ${belongs}, but { partitioned: true } says that the source is split by this key: leave it out, so that the rows are repartitioned, or write the topic by that key`,
        { at: { node: this.#node } },
      )
    if (typeof key === 'object') return // another object may be the same key
    if (this.#checked.size >= checkedMax) this.#checked.clear()
    this.#checked.add(key)
  }
}
