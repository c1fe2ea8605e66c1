/**
 * Compares what a case expects with what came: per sink, equal rows in equal order; the order between sinks is free. Tells the first
 * difference only.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Case, ExpectedRow } from './case.ts'
import { endOf } from './plan/types.ts'
import type { Outcome } from './run/run-case.ts'

/** Undefined: no difference. */
export function firstDifference(test: Case, outcome: Outcome): string | undefined {
  const { expected = [], expectedDroppedRecords } = test.expectedLatest ?? test
  const { failure } = outcome
  if (failure !== undefined && failure.after !== test.expectedFailure?.after)
    return `input ${failure.after}: ${errorText(failure.error)}`
  if (failure === undefined && test.expectedFailure !== undefined)
    return `input ${test.expectedFailure.after} must fail the task, and did not`
  const difference = rowDifference(test, expected.map(normal), outcome.rows)
  if (difference !== undefined) return difference
  if (expectedDroppedRecords === undefined) return undefined
  const dropped = outcome.dropped()
  return dropped === expectedDroppedRecords
    ? undefined
    : `drops: expected ${expectedDroppedRecords}, got ${dropped}`
}

function rowDifference(
  { compare = {}, plan }: Case,
  expected: readonly ExpectedRow[],
  got: readonly ExpectedRow[],
): string | undefined {
  const sinks = new Set([...expected, ...got].map(({ sink }) => sink))
  for (const sink of sinks) {
    if (compare.skipSinks?.includes(sink) === true) continue
    const rowsOf = (rows: readonly ExpectedRow[]): readonly ExpectedRow[] => {
      const own = rows.filter((row) => row.sink === sink)
      const shown = plan.config?.cache === true ? own.filter(isShown) : own
      return compare.order === 'within-after' ? [...shown].sort(byAfterThenText) : shown
    }
    const difference = firstOf(sink, rowsOf(expected), rowsOf(got))
    if (difference !== undefined) return difference
  }
  return undefined
}

function firstOf(
  sink: string,
  expected: readonly ExpectedRow[],
  got: readonly ExpectedRow[],
): string | undefined {
  for (let i = 0; i < Math.max(expected.length, got.length); i++)
    if (!isDeepStrictEqual(expected[i], got[i]))
      return `sink ${sink}, row ${i}: expected ${rowText(expected[i])}, got ${rowText(got[i])}`
  return undefined
}

/** With a record cache a tombstone is not shown when the same key is put right behind it. */
function isShown(row: ExpectedRow, i: number, rows: readonly ExpectedRow[]): boolean {
  const next = rows[i + 1]
  return !(
    row.value === null &&
    next !== undefined &&
    next.after === row.after &&
    isDeepStrictEqual(next.key, row.key)
  )
}

function normal({ sink, key, value, ts, after }: ExpectedRow): ExpectedRow {
  return { sink, key: endless(key), value: endless(value), ts, after }
}

function endless(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('windowed' in value)) return value
  const { windowed, start, end } = value as { windowed: unknown; start: number; end: number }
  return { windowed: endless(windowed), start, end: endOf(end) }
}

function byAfterThenText(a: ExpectedRow, b: ExpectedRow): number {
  if (a.after !== b.after) return a.after - b.after
  const left = rowText(a)
  const right = rowText(b)
  return left < right ? -1 : left > right ? 1 : 0
}

function rowText(row: ExpectedRow | undefined): string {
  if (row === undefined) return 'no row'
  const { key, value, ts, after } = row
  return `${text(key)} ${text(value)} @${ts} after ${after}`
}

function text(value: unknown): string {
  if (value === undefined) return 'undefined'
  return JSON.stringify(value, (_, inner: unknown) => (inner === Infinity ? 'never' : inner))
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0]! : String(error)
}
