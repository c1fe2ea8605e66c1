/**
 * The header of a commit record: JSON on the wire, checked field by field on the way in, Maps
 * inside.
 *
 * Keys of `positions`, `watermarks` and `delta.stores` are other people's text (`__proto__` is a
 * valid split): they are written from objects without a prototype and read into Maps, in byte
 * order, so that equal facts make equal bytes. JSON knows no infinity: such watermarks are left
 * out, and an absent watermark says that none is known. Unknown fields are ignored; what they may
 * change is fenced off by `v`.
 */
import { compareKeys } from './object-key.ts'
import { Damage, intact } from './record-damage.ts'
import { countOf, listOf, mapOf, numberOf, objectOf, textOf } from './record-fields.ts'
import type { Fields } from './record-fields.ts'

/**
 * `start`: first positions. `commit`: decided by its own PUT. `prepared`: decided by a cluster's
 * transaction. `fence`: a new owner's claim. `seal`: no effects, evidence that `prev` is decided.
 */
export type CommitKind = 'start' | 'commit' | 'prepared' | 'fence' | 'seal'

/** Section `off`..`off + len` of the body, which begins behind the header. */
interface Place {
  off: number
  len: number
}

/** The header as it stands in the record. */
export interface CommitHeader {
  v: 1
  kind: CommitKind
  app: string
  subTopology: string
  task: string
  seq: number
  id: string
  epoch: number
  writer: string
  prev: { seq: number; id: string } | null
  ts: number
  fingerprint: string
  positions: Record<string, string>
  watermarks: Record<string, number>
  delta: { stores: Record<string, { ops: number } & Place> }
  outbox: ({ sink: string; lane: string; rows: number } & Place)[]
  done: { sink: string; lane: string; seq: number }[]
}

/** A sink has published everything of this lane up to and with record `seq`. */
export interface DoneMark {
  readonly sink: string
  readonly lane: string
  readonly seq: number
}

/** What a record says besides its sections. */
export interface CommitFacts {
  readonly kind: CommitKind
  readonly app: string
  readonly subTopology: string
  readonly task: string
  readonly seq: number
  /** Fresh per attempt: tells my record from another's in the same slot. */
  readonly id: string
  readonly epoch: number
  readonly writer: string
  /** The last decided record, never a fence or seal. Null in the first. */
  readonly prev: { readonly seq: number; readonly id: string } | null
  readonly ts: number
  readonly fingerprint: string
  /** Resume point of each split. */
  readonly positions: ReadonlyMap<string, string>
  /** Finite ones only survive: an infinite one is left out. */
  readonly watermarks: ReadonlyMap<string, number>
  readonly done: readonly DoneMark[]
}

export interface DeltaPlace extends Readonly<Place> {
  readonly store: string
  readonly ops: number
}

export interface OutboxPlace extends Readonly<Place> {
  readonly sink: string
  readonly lane: string
  readonly rows: number
}

export interface ParsedHeader {
  readonly facts: CommitFacts
  /** In byte order of the store names, which is the order of their sections. */
  readonly deltas: readonly DeltaPlace[]
  /** In the order of their sections, behind those of the stores. */
  readonly outbox: readonly OutboxPlace[]
}

const kinds: readonly string[] = [
  'start',
  'commit',
  'prepared',
  'fence',
  'seal',
] satisfies CommitKind[]

export function encodeHeader({ facts, deltas, outbox }: ParsedHeader): Uint8Array {
  const header: CommitHeader = {
    v: 1,
    kind: facts.kind,
    app: facts.app,
    subTopology: facts.subTopology,
    task: facts.task,
    seq: facts.seq,
    id: facts.id,
    epoch: facts.epoch,
    writer: facts.writer,
    prev: facts.prev === null ? null : { seq: facts.prev.seq, id: facts.prev.id },
    ts: facts.ts,
    fingerprint: facts.fingerprint,
    positions: plainObject(facts.positions),
    watermarks: plainObject([...facts.watermarks].filter(([, at]) => Math.abs(at) !== Infinity)),
    delta: {
      stores: plainObject(deltas.map(({ store, ops, off, len }) => [store, { ops, off, len }])),
    },
    outbox: outbox.map(({ sink, lane, rows, off, len }) => ({ sink, lane, rows, off, len })),
    done: facts.done.map(({ sink, lane, seq }) => ({ sink, lane, seq })),
  }
  return new TextEncoder().encode(JSON.stringify(header))
}

/** Throws Damage, and nothing else, for whatever is not a header. */
export function decodeHeader(bytes: Uint8Array): ParsedHeader {
  const header = objectOf(parse(bytes), 'the header')
  intact(
    header.v === 1,
    `its version is ${JSON.stringify(header.v)}, and this release reads version 1`,
  )
  const delta = objectOf(header.delta, 'delta')
  return {
    facts: {
      kind: kindOf(header.kind),
      app: textOf(header.app, 'app'),
      subTopology: textOf(header.subTopology, 'subTopology'),
      task: textOf(header.task, 'task'),
      seq: countOf(header.seq, 'seq'),
      id: textOf(header.id, 'id'),
      epoch: countOf(header.epoch, 'epoch'),
      writer: textOf(header.writer, 'writer'),
      prev: header.prev === null ? null : commitOf(header.prev),
      ts: numberOf(header.ts, 'ts'),
      fingerprint: textOf(header.fingerprint, 'fingerprint'),
      positions: mapOf(header.positions, 'positions', textOf),
      watermarks: mapOf(header.watermarks, 'watermarks', numberOf),
      done: listOf(header.done, 'done', doneOf),
    },
    deltas: [...mapOf(delta.stores, 'delta.stores', objectOf)].map(([store, place]) =>
      deltaOf(store, place),
    ),
    outbox: listOf(header.outbox, 'outbox', outboxOf),
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    throw new Damage('its header is not JSON', { cause: error })
  }
}

function plainObject<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const object = Object.create(null) as Record<string, T>
  for (const [key, value] of [...entries].sort(([a], [b]) => compareKeys(a, b))) object[key] = value
  return object
}

function kindOf(value: unknown): CommitKind {
  intact(
    typeof value === 'string' && kinds.includes(value),
    `its kind is none of ${kinds.join(', ')}`,
  )
  return value as CommitKind
}

function commitOf(value: unknown): { seq: number; id: string } {
  const { seq, id } = objectOf(value, 'prev')
  return { seq: countOf(seq, 'prev.seq'), id: textOf(id, 'prev.id') }
}

function doneOf(value: unknown, what: string): DoneMark {
  const { sink, lane, seq } = objectOf(value, what)
  return {
    sink: textOf(sink, `${what}.sink`),
    lane: textOf(lane, `${what}.lane`),
    seq: countOf(seq, `${what}.seq`),
  }
}

function deltaOf(store: string, place: Fields): DeltaPlace {
  const what = `delta of store ${JSON.stringify(store)}`
  return {
    store,
    ops: countOf(place.ops, `${what}: ops`),
    off: countOf(place.off, `${what}: off`),
    len: countOf(place.len, `${what}: len`),
  }
}

function outboxOf(value: unknown, what: string): OutboxPlace {
  const { sink, lane, rows, off, len } = objectOf(value, what)
  return {
    sink: textOf(sink, `${what}.sink`),
    lane: textOf(lane, `${what}.lane`),
    rows: countOf(rows, `${what}.rows`),
    off: countOf(off, `${what}.off`),
    len: countOf(len, `${what}.len`),
  }
}
