/**
 * The commit record: everything that one decision makes true (law 3), in one immutable object.
 *
 *   "MRC1" | u32le length of the header | header, JSON | sections | sha256 over all before
 *
 * The sections lie without gaps: one of operations per store in byte order of the store names, then
 * the rows of staged sinks in the order of `outbox`; `off` counts from the end of the header.
 *
 * - The hash is verified before anything is parsed. What hashes right is checked still: a newer or
 *   faulty writer is no reason to crash or to believe. Each fault is MILLRACE_RECORD_DAMAGED, never
 *   another error.
 * - Equal records make equal bytes.
 * - The limits hold on both sides: nothing is written that could not be read again.
 * - Decoded bytes are views on the record: whoever keeps some of them copies them.
 */
import { assert } from '../assert.ts'
import { MillraceError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { compareKeys } from './object-key.ts'
import { encodeSegment } from './object-store.ts'
import { Damage, intact } from './record-damage.ts'
import { decodeHeader, encodeHeader } from './record-header.ts'
import type { CommitFacts, ParsedHeader } from './record-header.ts'
import { opsBytes, readOps, writeOps } from './record-ops.ts'
import type { StoreOp } from './record-ops.ts'

export interface StoreDelta {
  readonly store: string
  readonly ops: readonly StoreOp[]
}

export interface OutboxSection {
  readonly sink: string
  readonly lane: string
  readonly rows: number
  readonly bytes: Uint8Array
}

export interface CommitRecord extends CommitFacts {
  /** At most one per store. Decoded ones are in byte order of the store names. */
  readonly deltas: readonly StoreDelta[]
  readonly outbox: readonly OutboxSection[]
}

export const headerBytesMax = 1_048_576
export const recordBytesMax = 1_073_741_824

const magic = new TextEncoder().encode('MRC1')
const headBytes = 8
const hashBytes = 32

/** Refuses what `decodeRecord` with the same `maxBytes` would refuse. */
export function encodeRecord(record: CommitRecord, maxBytes: number = recordBytesMax): Uint8Array {
  const deltas = [...record.deltas].sort((a, b) => compareKeys(a.store, b.store))
  const places = layOut(record, deltas)
  const header = encodeHeader(places)
  assertReadable(header)
  const body = bodyBytes(places)
  const total = headBytes + header.length + body + hashBytes
  limit(record, 'header', header.length, headerBytesMax)
  limit(record, 'size', total, maxBytes)

  const out = new Uint8Array(total)
  out.set(magic)
  new DataView(out.buffer).setUint32(magic.length, header.length, true)
  out.set(header, headBytes)
  const start = headBytes + header.length
  deltas.forEach(({ ops }, i) => writeOps(ops, out, start + places.deltas[i]!.off))
  record.outbox.forEach(({ bytes }, i) => out.set(bytes, start + places.outbox[i]!.off))
  out.set(sha256(out.subarray(0, total - hashBytes)), total - hashBytes)
  return out
}

/** `key` names the record in the error. */
export function decodeRecord(
  bytes: Uint8Array,
  maxBytes: number = recordBytesMax,
  key?: string,
): CommitRecord {
  try {
    // A plain view: a Buffer's subarrays would be Buffers.
    return decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxBytes)
  } catch (error) {
    if (!(error instanceof Damage)) throw error
    const at = key === undefined ? {} : { at: { key } }
    throw new MillraceError(
      'MILLRACE_RECORD_DAMAGED',
      `a commit record is damaged: ${error.message}. Nothing of it was used: restore the object from a copy, or restore the task to an earlier record`,
      { cause: error, ...at },
    )
  }
}

/** `{app}/{sub-topology}/{task}/log/{seq}.rec`. The digits make byte order the order of the log. */
export function recordKey(app: string, subTopology: string, task: string, seq: number): string {
  assert(Number.isSafeInteger(seq) && seq >= 0, 'a sequence number is a whole number from 0 on')
  return `${logPrefix(app, subTopology, task)}${String(seq).padStart(20, '0')}.rec`
}

/** What the keys of all records of a task begin with. */
export function logPrefix(app: string, subTopology: string, task: string): string {
  return `${encodeSegment(app)}/${encodeSegment(subTopology)}/${encodeSegment(task)}/log/`
}

/** The sequence number in a key of `recordKey`, undefined for any other key. */
export function seqOfKey(key: string): number | undefined {
  const digits = /\/log\/(\d{20})\.rec$/.exec(key)?.[1]
  const seq = Number(digits)
  return Number.isSafeInteger(seq) ? seq : undefined
}

function layOut(record: CommitRecord, deltas: readonly StoreDelta[]): ParsedHeader {
  let end = 0
  const place = (len: number): { off: number; len: number } => {
    const off = end
    end += len
    return { off, len }
  }
  const stores = new Set(deltas.map(({ store }) => store))
  assert(stores.size === deltas.length, 'a commit record has at most one delta per store')
  return {
    facts: record,
    deltas: deltas.map(({ store, ops }) => ({ store, ops: ops.length, ...place(opsBytes(ops)) })),
    outbox: record.outbox.map(({ sink, lane, rows, bytes }) => ({
      sink,
      lane,
      rows,
      ...place(bytes.length),
    })),
  }
}

function bodyBytes({ deltas, outbox }: ParsedHeader): number {
  let bytes = 0
  for (const { len } of deltas) bytes += len
  for (const { len } of outbox) bytes += len
  return bytes
}

/** A NaN or a missing field must fail the commit, not the restore weeks later. */
function assertReadable(header: Uint8Array): void {
  try {
    decodeHeader(header)
  } catch (error) {
    if (!(error instanceof Damage)) throw error
    assert(false, `a commit record can be read again; in this one ${error.message}`)
  }
}

function limit(record: CommitRecord, what: string, bytes: number, max: number): void {
  if (bytes <= max) return
  const { app, subTopology, task } = record
  throw new MillraceError(
    'MILLRACE_RECORD_TOO_LARGE',
    `the ${what} of commit record ${record.seq} is ${bytes} bytes, the limit is ${max}: commit more often, or give a task fewer splits, lanes and large values`,
    { at: { app, subTopology, task } },
  )
}

function decode(bytes: Uint8Array, maxBytes: number): CommitRecord {
  intact(bytes.length <= maxBytes, `it has ${bytes.length} bytes, the limit is ${maxBytes}`)
  intact(bytes.length >= headBytes + hashBytes, `${bytes.length} bytes are too few for one`)
  intact(same(bytes.subarray(0, magic.length), magic), 'it does not begin with MRC1')
  const hashAt = bytes.length - hashBytes
  intact(
    same(sha256(bytes.subarray(0, hashAt)), bytes.subarray(hashAt)),
    'its sha256 does not match its content',
  )

  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true)
  const body = headBytes + length
  intact(length <= headerBytesMax, `its header has ${length} bytes, the limit is ${headerBytesMax}`)
  intact(body <= hashAt, `its header of ${length} bytes ends behind the end`)
  const { facts, deltas, outbox } = decodeHeader(bytes.subarray(headBytes, body))
  const section = sectionsOf(bytes.subarray(body, hashAt))
  const record: CommitRecord = {
    ...facts,
    deltas: deltas.map(({ store, ops, off, len }) => {
      const where = `delta of store ${JSON.stringify(store)}`
      return { store, ops: readOps(section.take(off, len, where), ops, where) }
    }),
    outbox: outbox.map(({ sink, lane, rows, off, len }) => {
      const where = `outbox of sink ${JSON.stringify(sink)}, lane ${JSON.stringify(lane)}`
      return { sink, lane, rows, bytes: section.take(off, len, where) }
    }),
  }
  section.end()
  return record
}

/** Hands out the sections of a body, each of which begins where the one before ended. */
function sectionsOf(body: Uint8Array): {
  take(off: number, len: number, where: string): Uint8Array
  end(): void
} {
  let at = 0
  return {
    take(off, len, where) {
      intact(off === at, `${where}: begins at ${off} of the body, the section before ends at ${at}`)
      intact(
        len <= body.length - off,
        `${where}: ${len} bytes from ${off} on leave the body of ${body.length}`,
      )
      at += len
      return body.subarray(off, at)
    },
    end: () => intact(at === body.length, `${body.length - at} bytes behind its last section`),
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

export type { CommitFacts, CommitHeader, CommitKind, DoneMark } from './record-header.ts'
export type { StoreOp } from './record-ops.ts'
