/**
 * How the versions of a key are kept: in runs of at most 256, sorted by time, so that a key with a long history costs no more a row
 * than any other. The newest run and the list of the older ones are one value; each older run is a value of its own.
 *
 * ```
 * run     = count u32 | count times: from f64, length u32 (all ones: deleted from then on), value
 * history = next id u32 | due f64 | parts u32 | parts times: from f64, id u32 | run
 * ```
 * Numbers are big-endian.
 */
import { MillraceError } from '../errors.ts'
import type { Serde } from '../serde/serde.ts'

export interface Run {
  /** Ascending. A version is valid from then on, until the next one. */
  readonly froms: number[]
  /** Null: deleted. */
  readonly values: unknown[]
}

/** An older run: the time of its first version, and where it is. */
export interface Part {
  from: number
  readonly id: number
}

export interface History extends Run {
  /** Ascending; all before the run. */
  readonly parts: Part[]
  nextId: number
  /** When somebody will look whether it has expired; NaN: never, as only the newest version is there. */
  due: number
}

/** A key and the id of one of its older runs. */
export interface PartKey {
  readonly key: unknown
  readonly id: number
}

/** The last index whose time is at most this; -1: none. */
export function floor(froms: readonly number[], time: number): number {
  let low = 0
  let high = froms.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (froms[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Puts a version in its place; one of the same time is replaced. */
export function insert(run: Run, value: unknown, time: number): void {
  const at = floor(run.froms, time)
  if (at >= 0 && run.froms[at] === time) {
    run.values[at] = value
  } else if (at === run.froms.length - 1) {
    run.froms.push(time)
    run.values.push(value)
  } else {
    run.froms.splice(at + 1, 0, time)
    run.values.splice(at + 1, 0, value)
  }
}

/** Takes the first `count` versions out. */
export function takeFirst(run: Run, count: number): Run {
  return { froms: run.froms.splice(0, count), values: run.values.splice(0, count) }
}

const deleted = 0xffff_ffff

export function runSerde(value: Serde<unknown>): Serde<Run> {
  return Object.freeze({
    name: `run(${value.name})`,
    encode: (run: Run) => encodeRun(run, value, 0),
    decode: (bytes: Uint8Array) => decoded(() => decodeRun(bytes, 0, value)),
  })
}

export function historySerde(value: Serde<unknown>): Serde<History> {
  return Object.freeze({
    name: `history(${value.name})`,
    encode(history: History): Uint8Array {
      const { parts } = history
      const bytes = encodeRun(history, value, 16 + parts.length * 12)
      const view = viewOf(bytes)
      view.setUint32(0, history.nextId)
      view.setFloat64(4, history.due)
      view.setUint32(12, parts.length)
      parts.forEach(({ from, id }, i) => {
        view.setFloat64(16 + i * 12, from)
        view.setUint32(24 + i * 12, id)
      })
      return bytes
    },
    decode: (bytes: Uint8Array) =>
      decoded(() => {
        const view = viewOf(bytes)
        const parts = Array.from({ length: view.getUint32(12) }, (_, i) => ({
          from: view.getFloat64(16 + i * 12),
          id: view.getUint32(24 + i * 12),
        }))
        const run = decodeRun(bytes, 16 + parts.length * 12, value)
        return { ...run, parts, nextId: view.getUint32(0), due: view.getFloat64(4) }
      }),
  })
}

/** The bytes of the key, then the id. */
export function partKeySerde(inner: Serde<unknown>): Serde<PartKey> {
  return Object.freeze({
    name: `part(${inner.name})`,
    encode({ key, id }: PartKey): Uint8Array {
      const encoded = inner.encode(key)
      const bytes = new Uint8Array(encoded.length + 4)
      bytes.set(encoded)
      viewOf(bytes).setUint32(encoded.length, id)
      return bytes
    },
    decode: (bytes: Uint8Array) =>
      decoded(() => {
        const id = viewOf(bytes).getUint32(bytes.length - 4)
        return { key: inner.decode(bytes.subarray(0, -4)), id }
      }),
  })
}

/** Leaves the first `start` bytes free. */
function encodeRun({ froms, values }: Run, serde: Serde<unknown>, start: number): Uint8Array {
  const encoded = values.map((value) => (value === null ? undefined : serde.encode(value)))
  const size = encoded.reduce((sum, value) => sum + 12 + (value?.length ?? 0), start + 4)
  const bytes = new Uint8Array(size)
  const view = viewOf(bytes)
  view.setUint32(start, froms.length)
  let at = start + 4
  encoded.forEach((value, i) => {
    view.setFloat64(at, froms[i]!)
    view.setUint32(at + 8, value?.length ?? deleted)
    if (value !== undefined) bytes.set(value, at + 12)
    at += 12 + (value?.length ?? 0)
  })
  return bytes
}

function decodeRun(bytes: Uint8Array, start: number, serde: Serde<unknown>): Run {
  const view = viewOf(bytes)
  const run: Run = { froms: [], values: [] }
  const count = view.getUint32(start)
  let at = start + 4
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(at + 8)
    run.froms.push(view.getFloat64(at))
    at += 12
    if (length === deleted) run.values.push(null)
    else {
      if (at + length > bytes.length) throw new RangeError('a version is cut off')
      run.values.push(serde.decode(bytes.subarray(at, at + length)))
      at += length
    }
  }
  return run
}

/** Reading behind the end is a RangeError of the view. */
function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new MillraceError(
      'MILLRACE_DECODE',
      'these are no versions of a table: were they written by another store?',
      { cause: error },
    )
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
