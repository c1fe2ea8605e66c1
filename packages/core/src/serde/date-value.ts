/**
 * Date as a value type. Serdes carry dates but never read a clock, so this one file may name the
 * class that the lint rule keeps out of the rest: `dateOf` always gets its milliseconds from bytes.
 */

// oxlint-disable-next-line eslint/no-restricted-globals -- a value, not a clock
const DateValue: DateConstructor = Date

export function isDate(value: unknown): value is Date {
  return value instanceof DateValue
}

export function dateOf(epochMs: number): Date {
  return new DateValue(epochMs)
}

/** The largest distance from the epoch that a Date can hold (ECMA-262, time values). */
export const dateMsMax = 8_640_000_000_000_000
