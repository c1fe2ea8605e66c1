/**
 * RowLine: rows of a stream that have come to a node while it owed others (line.ts), each with its side and its time. Their turn comes in
 * a drain, with no other row between them.
 *
 *     flags u8 | side u16 | time f64 | key length u32 | key | value
 */
import type { Serde } from '../serde/serde.ts'
import type { Due, DueStore } from '../state/store.ts'
import { Line } from './line.ts'

const flags = { nullKey: 1, nullValue: 2, begun: 4 } as const
const headBytes = 15

export class RowLine {
  readonly #line: Line<Uint8Array>
  readonly #keys: Serde<unknown>
  #first: Due<Uint8Array> | undefined = undefined
  // The row that `next` found.
  side = 0
  key: unknown = null
  /** Undefined: it has a null value. */
  value: Uint8Array | undefined = undefined
  time: number = NaN
  /** Its turn has begun, and goes on behind what it made the node owe. */
  begun = false

  constructor(store: DueStore<Uint8Array>, keys: Serde<unknown>) {
    this.#line = new Line(store)
    this.#keys = keys
  }

  get empty(): boolean {
    return this.#line.empty
  }

  push(
    side: number,
    key: unknown,
    value: Uint8Array | undefined,
    time: number,
    begun: boolean,
  ): void {
    const keyBytes = key === null ? none : this.#keys.encode(key)
    const valueBytes = value ?? none
    const bytes = new Uint8Array(headBytes + keyBytes.length + valueBytes.length)
    const view = viewOf(bytes)
    bytes[0] =
      (key === null ? flags.nullKey : 0) |
      (value === undefined ? flags.nullValue : 0) |
      (begun ? flags.begun : 0)
    view.setUint16(1, side)
    view.setFloat64(3, time)
    view.setUint32(11, keyBytes.length)
    bytes.set(keyBytes, headBytes)
    bytes.set(valueBytes, headBytes + keyBytes.length)
    this.#line.push(none, bytes)
  }

  /** Looks at the first row. `unknown`: it is on disk. */
  next(): 'row' | 'none' | 'unknown' {
    const first = this.#line.first
    this.#first = first
    if (first === undefined) return this.#line.empty ? 'none' : 'unknown'
    const bytes = first.value
    const view = viewOf(bytes)
    const flag = bytes[0]!
    const keyEnd = headBytes + view.getUint32(11)
    this.side = view.getUint16(1)
    this.begun = (flag & flags.begun) !== 0
    this.time = view.getFloat64(3)
    this.key =
      (flag & flags.nullKey) !== 0 ? null : this.#keys.decode(bytes.slice(headBytes, keyEnd))
    this.value = (flag & flags.nullValue) !== 0 ? undefined : bytes.subarray(keyEnd)
    return 'row'
  }

  /** The first row keeps its place, and its turn has begun. */
  begin(): void {
    const first = this.#first!
    const bytes = first.value.slice()
    bytes[0]! |= flags.begun
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
