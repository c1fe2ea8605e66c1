/**
 * Durations are written as text with a unit ('5m', '250ms'), typed by a template literal. The type lets '-5m',
 * '1e3s' and '0x10m' through: the parser refuses them. A duration is a whole number of milliseconds.
 */
import { MillraceError } from '../errors.ts'

export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const shape = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** The milliseconds of a duration. `what` names the option in the error. */
export function durationMs(text: Duration, what = 'duration'): number {
  const match = typeof text === 'string' ? shape.exec(text) : null
  const ms = match === null ? NaN : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
  if (!Number.isSafeInteger(ms)) {
    throw new MillraceError(
      'MILLRACE_DURATION',
      `${what}: ${JSON.stringify(text)} is not a duration: write a number and a unit, for example '250ms', '30s', '5m', '1.5h' or '7d', that makes whole milliseconds`,
    )
  }
  return ms
}
