/**
 * Dead letters as NDJSON: one line per refused row, with what a person on call needs to find it and a program needs to
 * put it in again. Writing one never fails for what is in the row: bytes that are no text stand there as base64.
 */
import type { Rejected } from '@millrace/core'
import type { Sink } from '@millrace/core/sink'
import { ndjson } from './spec.ts'

export interface DeadLettersOptions {
  /** As in ndjson(...). */
  readonly target?: string
  readonly bytesMax?: number
}

/** One line. What is unknown is left out. */
export interface DeadLetter {
  /** What was wrong, in words; of a schema its issues with their paths. */
  readonly error: string
  /** Code of the error, for example MILLRACE_DECODE. */
  readonly code: string
  /** Name of the node that refused the row. */
  readonly node: string
  readonly task: string
  /** Event time in ms, as far as it was known. */
  readonly time?: number
  readonly key?: unknown
  /** Topic or stream, split and resume point behind the row. */
  readonly source?: string
  readonly split?: string
  readonly position?: string
  /** The value as it was read, when its bytes are UTF-8... */
  readonly text?: string
  /** ... and when they are not. */
  readonly base64?: string
}

/** A sink for `invalid`, `onError: { deadLetter }` and the like. The directory must not be that of another sink. */
export function deadLetters(dir: string, options: DeadLettersOptions = {}): Sink<Rejected> {
  return ndjson<Rejected>(dir, { ...options, map: deadLetter })
}

function deadLetter(rejected: Rejected): DeadLetter {
  const { error, code, node, task, time, key, source, split, position, bytes } = rejected
  return {
    error,
    code,
    node,
    task,
    ...(time === undefined ? {} : { time }),
    ...(key === undefined || key === null ? {} : { key: jsonOr(key) }),
    ...(source === undefined ? {} : { source }),
    ...(split === undefined ? {} : { split }),
    ...(position === undefined ? {} : { position }),
    ...(bytes === undefined ? {} : textOrBase64(bytes)),
  }
}

/** The byte order mark is kept: the text gives the very bytes back. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOrBase64(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: utf8.decode(bytes) }
  } catch {
    const { buffer, byteOffset, byteLength } = bytes
    return { base64: Buffer.from(buffer, byteOffset, byteLength).toString('base64') }
  }
}

/** The key, or its text where JSON has none for it (a bigint, a cycle). */
function jsonOr(key: unknown): unknown {
  try {
    return JSON.stringify(key) === undefined ? String(key) : key
  } catch {
    return String(key)
  }
}
