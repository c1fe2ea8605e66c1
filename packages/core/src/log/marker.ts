/**
 * Marker: what a task says of its time to those behind a repartition log. It rides in a header of the rows it sends, and in bare
 * rows of its own, one to each partition, where time has moved and no row has told so: "of what I sent before, this is my T". The
 * reader takes it before the row it rides on.
 *
 * Layout, big-endian: T f64, epoch u32, flags u8 (1: idle, 2: bare row), tasks u16, generation u32, name of the task in UTF-8.
 */
import { MillraceError } from '../errors.ts'

/** The header's name. Rows that leave the app again do not carry it. */
export const markerHeader = 'millrace-time'

export interface Marker {
  /** The task that says so. */
  readonly task: string
  /** Of its owner: a former owner's word counts no more (law 6). */
  readonly epoch: number
  readonly watermark: number
  /** None of its inputs is active: it holds nobody up. */
  readonly idle: boolean
  /** The row is nothing but this marker. */
  readonly bare: boolean
  /** How many tasks write to this log, by the newest generation that says so. */
  readonly tasks: number
  readonly generation: number
}

const fixed = 19
const idleFlag = 1
const bareFlag = 2

export function encodeMarker(marker: Marker): Uint8Array {
  const name = new TextEncoder().encode(marker.task)
  const bytes = new Uint8Array(fixed + name.length)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, marker.watermark)
  view.setUint32(8, marker.epoch)
  view.setUint8(12, (marker.idle ? idleFlag : 0) | (marker.bare ? bareFlag : 0))
  view.setUint16(13, marker.tasks)
  view.setUint32(15, marker.generation)
  bytes.set(name, fixed)
  return bytes
}

export function decodeMarker(bytes: Uint8Array): Marker {
  if (bytes.length < fixed)
    throw new MillraceError(
      'MILLRACE_DECODE',
      `a row of a repartition log has a marker of ${bytes.length} bytes: something else writes to this log`,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const flags = view.getUint8(12)
  return {
    task: new TextDecoder().decode(bytes.subarray(fixed)),
    epoch: view.getUint32(8),
    watermark: view.getFloat64(0),
    idle: (flags & idleFlag) !== 0,
    bare: (flags & bareFlag) !== 0,
    tasks: view.getUint16(13),
    generation: view.getUint32(15),
  }
}
