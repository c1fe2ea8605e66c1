/**
 * What the two logs of a foreign-key join carry. A left row subscribes to its foreign key, and is answered with the right row of it.
 * Each answer names the left value that it belongs to by its hash: the left row may have changed meanwhile.
 *
 *   subscription   kind u8 | hash length u8 | hash | bytes of the left key          under the foreign key
 *   answer         kind u8 | hash length u8 | hash | bytes of the right value       under the left key
 */
import { MillraceError } from '../../errors.ts'
import { sha256 } from '../../hash.ts'
import type { Serde } from '../../serde/serde.ts'

/** What a left row wants of the right side. */
export const asks = {
  /** Subscribe, and answer whether there is a right row or not. */
  always: 1,
  /** Subscribe, and answer if there is a right row. */
  ifFound: 2,
  /** End the subscription, and answer that there is nothing. */
  nothing: 3,
  /** End the subscription: another key answers. */
  silence: 4,
} as const
export type Ask = (typeof asks)[keyof typeof asks]

export interface Subscription {
  readonly ask: Ask
  /** Of the left value; null: it is deleted. */
  readonly hash: Uint8Array | null
  readonly left: Uint8Array
}

export interface Answer {
  readonly hash: Uint8Array | null
  /** The right value; null: there is none. */
  readonly right: Uint8Array | null
}

export const subscriptions: Serde<Subscription> = Object.freeze({
  name: 'foreign-subscription',
  encode: ({ ask, hash, left }: Subscription) => write(ask, hash, left),
  decode: (bytes: Uint8Array) => {
    const ask = bytes[0] as Ask
    if (!(ask >= asks.always && ask <= asks.silence)) throw undecodable(bytes)
    return { ask, hash: hashIn(bytes), left: bodyOf(bytes) }
  },
})

const found = 1
const missing = 0

export const answers: Serde<Answer> = Object.freeze({
  name: 'foreign-answer',
  encode: ({ hash, right }: Answer) =>
    write(right === null ? missing : found, hash, right ?? new Uint8Array(0)),
  decode: (bytes: Uint8Array) => {
    const kind = bytes[0]
    if (kind !== missing && kind !== found) throw undecodable(bytes)
    const hash = hashIn(bytes)
    return { hash, right: kind === missing ? null : bodyOf(bytes) }
  },
})

/** Equal for equal bytes, and different enough for others. */
export function hashOf(value: Uint8Array): Uint8Array {
  return sha256(value).subarray(0, 16)
}

function write(kind: number, hash: Uint8Array | null, body: Uint8Array): Uint8Array {
  const length = hash === null ? 0 : hash.length
  const bytes = new Uint8Array(2 + length + body.length)
  bytes[0] = kind
  bytes[1] = length
  if (hash !== null) bytes.set(hash, 2)
  bytes.set(body, 2 + length)
  return bytes
}

/** Copies: the bytes belong to their batch. */
function hashIn(bytes: Uint8Array): Uint8Array | null {
  const length = bytes[1]
  if (length === undefined || bytes.length < 2 + length) throw undecodable(bytes)
  return length === 0 ? null : bytes.slice(2, 2 + length)
}

function bodyOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice(2 + bytes[1]!)
}

function undecodable(bytes: Uint8Array): MillraceError {
  return new MillraceError(
    'MILLRACE_DECODE',
    `${bytes.length} bytes are no message of a foreign-key join: does something else write to its log?`,
  )
}
