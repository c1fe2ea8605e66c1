/**
 * `json()`: JSON text as UTF-8, checked by a schema if one is given. Decoding refuses what is too
 * large, nested too deeply, malformed, or could pollute a prototype; encoding refuses what decoding
 * would, so nothing is written that cannot be read. No error carries more than 20 characters of the
 * payload. Inside a value JSON's own rules hold: undefined fields and functions are left out, NaN
 * becomes null. A schema checks and transforms on decode only.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError } from '../errors.ts'
import { findJsonFault } from './json-fault.ts'
import { findUnsafeKey, mayHoldUnsafeKey, nestsDeeper } from './json-guard.ts'
import { kindOf } from './kind-of.ts'
import { limit } from './limit.ts'
import { isSchema, validateSync } from './schema.ts'
import type { Serde } from './serde.ts'
import { decodeUtf8 } from './utf8.ts'

export interface JsonOptions {
  /** Largest record in bytes. Default 1 MiB. */
  readonly bytesMax?: number
  /** Deepest nesting of arrays and objects. Default 100. */
  readonly depthMax?: number
}

/** Checked: the value has the schema's output type because the schema said so. */
export function json<S extends StandardSchemaV1>(
  schema: S,
  options?: JsonOptions,
): Serde<StandardSchemaV1.InferOutput<S>>
/** Unchecked: `json()` gives unknown, `json<T>()` takes your word for T. */
export function json<T = unknown>(options?: JsonOptions): Serde<T>
export function json(first?: StandardSchemaV1 | JsonOptions, second?: JsonOptions): Serde<unknown> {
  if (isSchema(first)) return jsonSerde(first, second ?? {})
  return jsonSerde(undefined, (first as JsonOptions | undefined) ?? {})
}

function jsonSerde(schema: StandardSchemaV1 | undefined, options: JsonOptions): Serde<unknown> {
  const bytesMax = limit('json({ bytesMax })', options.bytesMax, 1_048_576, 0x1fff_ffff)
  const depthMax = limit('json({ depthMax })', options.depthMax, 100, 100_000)
  return Object.freeze({
    name: 'json',
    decode(bytes: Uint8Array): unknown {
      if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax)
      const text = decodeUtf8(bytes)
      if (text === null) throw refuse('the record is not UTF-8 text, so it is not JSON')
      if (nestsDeeper(text, depthMax)) throw refuse(tooDeep(depthMax))
      const value = parse(text)
      if (mayHoldUnsafeKey(text)) {
        const key = findUnsafeKey(value)
        if (key !== undefined) throw refuse(unsafe(key))
      }
      return schema === undefined ? value : validateSync(schema, value)
    },
    encode(value: unknown): Uint8Array {
      const text = stringify(value)
      if (nestsDeeper(text, depthMax)) throw refuseValue(tooDeep(depthMax))
      if (mayHoldUnsafeKey(text)) {
        const key = findUnsafeKey(JSON.parse(text))
        if (key !== undefined) throw refuseValue(unsafe(key))
      }
      const bytes = Buffer.from(text, 'utf8')
      if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax)
      return bytes
    },
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of V8 quotes the payload, so it does not travel as a cause.
    throw refuse(malformed(text))
  }
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    const because =
      error instanceof Error ? error.message.split('\n', 1)[0] : 'a toJSON method threw'
    throw new MillraceError(
      'MILLRACE_ENCODE',
      `json() cannot encode this value: ${because}. Map it to plain JSON data first (a bigint to a string)`,
      { cause: error },
    )
  }
  if (text !== undefined) return text
  throw refuseValue(`json() cannot encode ${kindOf(value)}: JSON has no text for it`)
}

const excerptBefore = 8
const excerptChars = 20

function malformed(text: string): string {
  if (text === '') return 'the record is empty, which is not JSON: is it a tombstone of a table?'
  const at = findJsonFault(text)
  if (at < 0) return 'the record is not JSON: correct its producer'
  const offset = Buffer.byteLength(text.slice(0, at))
  const from = Math.max(0, at - excerptBefore)
  const excerpt = JSON.stringify(text.slice(from, from + excerptChars))
  const what = at === text.length ? 'ends too early' : 'is not JSON'
  return `the record ${what} at byte ${offset}, near ${excerpt}: correct its producer or choose the serde that fits`
}

function tooDeep(depthMax: number): string {
  return `the value nests deeper than ${depthMax} levels: flatten it, or raise json({ depthMax })`
}

function unsafe(key: string): string {
  return `the value has a key ${JSON.stringify(key)}, which could pollute a prototype: rename it`
}

function refuse(message: string): MillraceError {
  return new MillraceError('MILLRACE_DECODE', message)
}

function refuseValue(message: string): MillraceError {
  return new MillraceError('MILLRACE_ENCODE', message)
}

function tooLarge(length: number, bytesMax: number): MillraceError {
  return new MillraceError(
    'MILLRACE_RECORD_TOO_LARGE',
    `the record has ${length} bytes, more than the ${bytesMax} of json({ bytesMax }): split it, or raise the option`,
  )
}
