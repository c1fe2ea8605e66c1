/**
 * KeyRows: the rows of one key and one side, in the order of (time, arrival), as the store holds them. A key with few rows is one
 * value; one with many is a list of parts, each a value of its own, so that a row of a hot key touches one part.
 *
 * Values are bytes: what was stored shares nothing with the row that goes on, and a commit copies bytes instead of encoding rows.
 *
 *     rows of a key:  00 | arrived f64 | part
 *                     01 | arrived f64 | next id f64 | n u32 | n x (id f64, first f64, last f64)
 *     part:           n u32 | n x (time f64, number f64, length u32) | values
 */
import { lowerBound } from '../../state/sorted-times.ts'
import type { Serde } from '../../serde/serde.ts'

/** A part is split, or followed by a new one, when it has so many rows or bytes of values. */
export const partRowsMax = 256
export const partBytesMax = 65_536

export class Part {
  readonly times: number[] = []
  /** Which row of its key each one was. */
  readonly numbers: number[] = []
  readonly values: Uint8Array[] = []
  bytes = 0

  get full(): boolean {
    return this.times.length >= partRowsMax || (this.bytes >= partBytesMax && this.times.length > 1)
  }

  get first(): number {
    return this.times[0]!
  }

  get last(): number {
    return this.times[this.times.length - 1]!
  }

  /** Behind all rows of its time. */
  insert(time: number, number: number, value: Uint8Array): void {
    this.bytes += value.length
    const { times, numbers, values } = this
    if (times.length === 0 || time >= this.last) {
      times.push(time)
      numbers.push(number)
      values.push(value)
      return
    }
    const at = lowerBound(times, time + 1)
    times.splice(at, 0, time)
    numbers.splice(at, 0, number)
    values.splice(at, 0, value)
  }

  /** Rows before that time are no longer needed. */
  dropBelow(time: number): void {
    const count = lowerBound(this.times, time)
    if (count === 0) return
    for (let i = 0; i < count; i++) this.bytes -= this.values[i]!.length
    this.times.splice(0, count)
    this.numbers.splice(0, count)
    this.values.splice(0, count)
  }

  /** Gives its upper half away. */
  splitOff(): Part {
    const half = this.times.length >>> 1
    const upper = new Part()
    upper.times.push(...this.times.splice(half))
    upper.numbers.push(...this.numbers.splice(half))
    upper.values.push(...this.values.splice(half))
    for (const value of upper.values) upper.bytes += value.length
    this.bytes -= upper.bytes
    return upper
  }
}

/** A part that is a value of its own: its id, and the times it holds. */
export interface PartRef {
  readonly id: number
  first: number
  last: number
}

export class KeyRows {
  /** Rows that came so far: the number of the next one. */
  arrived = 0
  /** All rows, while one part can hold them. */
  only: Part | undefined = new Part()
  /** Else where they are, by time: none begins before the one in front of it ends. */
  parts: PartRef[] = []
  nextId = 0

  get last(): number {
    return this.only === undefined ? this.parts[this.parts.length - 1]!.last : this.only.last
  }

  get empty(): boolean {
    return this.only === undefined ? this.parts.length === 0 : this.only.times.length === 0
  }
}

const headBytes = 4
const rowBytes = 20
const refBytes = 24

/** `value` names the serde of the values: another one cannot read them. */
export function keyRowsSerde(value: string): Serde<KeyRows> {
  return Object.freeze({ name: `join-rows(${value})`, encode: encodeRows, decode: decodeRows })
}

export function partSerde(value: string): Serde<Part> {
  return Object.freeze({
    name: `join-part(${value})`,
    encode: (part: Part) => encodePart(part, 0),
    decode: (bytes: Uint8Array) => decodePart(bytes, 0),
  })
}

function encodeRows(rows: KeyRows): Uint8Array {
  if (rows.only !== undefined) {
    const bytes = encodePart(rows.only, 9)
    viewOf(bytes).setFloat64(1, rows.arrived)
    return bytes
  }
  const { parts } = rows
  const bytes = new Uint8Array(21 + parts.length * refBytes)
  const view = viewOf(bytes)
  bytes[0] = 1
  view.setFloat64(1, rows.arrived)
  view.setFloat64(9, rows.nextId)
  view.setUint32(17, parts.length)
  for (let i = 0, at = 21; i < parts.length; i++, at += refBytes) {
    view.setFloat64(at, parts[i]!.id)
    view.setFloat64(at + 8, parts[i]!.first)
    view.setFloat64(at + 16, parts[i]!.last)
  }
  return bytes
}

function decodeRows(bytes: Uint8Array): KeyRows {
  const view = viewOf(bytes)
  const rows = new KeyRows()
  rows.arrived = view.getFloat64(1)
  if (bytes[0] === 0) {
    rows.only = decodePart(bytes, 9)
    return rows
  }
  rows.only = undefined
  rows.nextId = view.getFloat64(9)
  const count = view.getUint32(17)
  for (let i = 0, at = 21; i < count; i++, at += refBytes)
    rows.parts.push({
      id: view.getFloat64(at),
      first: view.getFloat64(at + 8),
      last: view.getFloat64(at + 16),
    })
  return rows
}

function encodePart({ times, numbers, values, bytes: size }: Part, offset: number): Uint8Array {
  const count = times.length
  const bytes = new Uint8Array(offset + headBytes + count * rowBytes + size)
  const view = viewOf(bytes)
  view.setUint32(offset, count)
  let at = offset + headBytes
  let end = at + count * rowBytes
  for (let i = 0; i < count; i++, at += rowBytes) {
    const value = values[i]!
    view.setFloat64(at, times[i]!)
    view.setFloat64(at + 8, numbers[i]!)
    view.setUint32(at + 16, value.length)
    bytes.set(value, end)
    end += value.length
  }
  return bytes
}

function decodePart(bytes: Uint8Array, offset: number): Part {
  const view = viewOf(bytes)
  const part = new Part()
  const count = view.getUint32(offset)
  let at = offset + headBytes
  let end = at + count * rowBytes
  for (let i = 0; i < count; i++, at += rowBytes) {
    part.times.push(view.getFloat64(at))
    part.numbers.push(view.getFloat64(at + 8))
    const length = view.getUint32(at + 16)
    part.values.push(bytes.subarray(end, end + length))
    part.bytes += length
    end += length
  }
  return part
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
