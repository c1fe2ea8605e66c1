/**
 * Reads JSON of unknown shape field by field. Each function gives the value in its type or throws
 * Damage with `what`, the path of the field. Objects with other people's keys become Maps, in byte
 * order of the keys.
 */
import { compareKeys } from './object-key.ts'
import { intact } from './record-damage.ts'

export type Fields = Readonly<Record<string, unknown>>

export function objectOf(value: unknown, what: string): Fields {
  intact(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    `${what} is not an object`,
  )
  return value as Fields
}

export function textOf(value: unknown, what: string): string {
  intact(typeof value === 'string', `${what} is not text`)
  return value
}

export function numberOf(value: unknown, what: string): number {
  intact(typeof value === 'number' && Number.isFinite(value), `${what} is not a finite number`)
  return value
}

export function countOf(value: unknown, what: string): number {
  intact(
    Number.isSafeInteger(value) && (value as number) >= 0,
    `${what} is not a whole number from 0 on`,
  )
  return value as number
}

export function listOf<T>(
  value: unknown,
  what: string,
  item: (value: unknown, what: string) => T,
): readonly T[] {
  intact(Array.isArray(value), `${what} is not a list`)
  return value.map((each: unknown, i) => item(each, `${what}[${i}]`))
}

export function mapOf<T>(
  value: unknown,
  what: string,
  item: (value: unknown, what: string) => T,
): ReadonlyMap<string, T> {
  const entries = Object.entries(objectOf(value, what)).sort(([a], [b]) => compareKeys(a, b))
  return new Map(entries.map(([key, each]) => [key, item(each, `${what}[${JSON.stringify(key)}]`)]))
}
