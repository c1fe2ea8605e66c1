/** Checks a cap given as an option, when the serde is built and not at its first record. */
import { MillraceError } from '../errors.ts'

export function limit(
  option: string,
  value: number | undefined,
  standard: number,
  most: number,
): number {
  if (value === undefined) return standard
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `${option}: ${String(value)} is not a usable limit: give a whole number from 1 to ${most}`,
  )
}
