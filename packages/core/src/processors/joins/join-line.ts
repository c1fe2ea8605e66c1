/**
 * JoinLine: rows that have come to a join while a walk of it was not at its end, in their order. Their turn comes in a drain, with no other
 * row between them.
 *
 *     flags u8 | time f64 | key length u32 | key | value
 */
import type { Serde } from '../../serde/serde.ts'
import type { Due, DueStore } from '../../state/store.ts'
import { Line } from '../line.ts'

const flags = { left: 1, nullKey: 2, nullValue: 4, walked: 8 } as const
const headBytes = 13

export class JoinLine {
  readonly #store: DueStore<Uint8Array>
  readonly #line: Line<Uint8Array>
  readonly #keys: Serde<unknown>
  #first: Due<Uint8Array> | undefined = undefined
  // The row that `next` found.
  isLeft = false
  key: unknown = null
  /** Undefined: it has a null value. */
  value: Uint8Array | undefined = undefined
  time: number = NaN
  /** Its walk is done: what is left is to join. */
  walked = false

  constructor(store: DueStore<Uint8Array>, keys: Serde<unknown>) {
    this.#store = store
    this.#line = new Line(store)
    this.#keys = keys
  }

  push(
    isLeft: boolean,
    key: unknown,
    value: Uint8Array | undefined,
    time: number,
    walked: boolean,
  ): void {
    const keyBytes = key === null ? none : this.#keys.encode(key)
    const valueBytes = value ?? none
    const bytes = new Uint8Array(headBytes + keyBytes.length + valueBytes.length)
    const view = viewOf(bytes)
    bytes[0] =
      (isLeft ? flags.left : 0) |
      (key === null ? flags.nullKey : 0) |
      (value === undefined ? flags.nullValue : 0) |
      (walked ? flags.walked : 0)
    view.setFloat64(1, time)
    view.setUint32(9, keyBytes.length)
    bytes.set(keyBytes, headBytes)
    bytes.set(valueBytes, headBytes + keyBytes.length)
    this.#line.push(none, bytes)
  }

  /** Looks at the first row. `unknown`: it is on disk. */
  next(): 'row' | 'none' | 'unknown' {
    const first = this.#line.first
    this.#first = first
    if (first === undefined) return this.#store.size === 0 ? 'none' : 'unknown'
    const bytes = first.value
    const view = viewOf(bytes)
    const flag = bytes[0]!
    const keyEnd = headBytes + view.getUint32(9)
    this.isLeft = (flag & flags.left) !== 0
    this.walked = (flag & flags.walked) !== 0
    this.time = view.getFloat64(1)
    this.key =
      (flag & flags.nullKey) !== 0 ? null : this.#keys.decode(bytes.slice(headBytes, keyEnd))
    this.value = (flag & flags.nullValue) !== 0 ? undefined : bytes.subarray(keyEnd)
    return 'row'
  }

  /** The first row keeps its place, and has its walk behind it. */
  walkedNow(): void {
    const first = this.#first!
    const bytes = first.value.slice()
    bytes[0]! |= flags.walked
    this.#line.replace(first, bytes)
  }

  /** The first row has had its turn. */
  shift(): void {
    this.#line.shift(this.#first!)
  }
}

const none: Uint8Array = new Uint8Array(0)

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
