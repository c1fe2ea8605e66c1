/** The bounds of an async node: options with their defaults filled in, refused with a reason where they make no sense. */
import { MillraceError } from '../errors.ts'
import { durationMs } from '../time/duration.ts'
import type { AsyncBounds } from '../processors/async-node.ts'
import type { AsyncOptions } from './kstream.ts'

export function asyncBounds(options: AsyncOptions<never, never, unknown>): AsyncBounds {
  const retry = options.retry ?? {}
  return Object.freeze({
    mode: modeOf(options.mode ?? 'ordered'),
    capacity: atLeastOne(options.capacity ?? 64, 'capacity'),
    timeoutMs: durationMs(options.timeout ?? '30s', 'timeout'),
    attempts: atLeastOne(retry.attempts ?? 1, 'retry.attempts'),
    delayMs: durationMs(retry.delay ?? '100ms', 'retry.delay'),
    delayMsMax: durationMs(retry.delayMax ?? '10s', 'retry.delayMax'),
    retryIf: retry.retryIf,
    onTimeout: options.onTimeout as AsyncBounds['onTimeout'],
  })
}

function modeOf(mode: string): AsyncBounds['mode'] {
  if (mode !== 'ordered' && mode !== 'perKey' && mode !== 'unordered') {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `mode: ${JSON.stringify(mode)} is none of 'ordered', 'perKey' and 'unordered'`,
    )
  }
  return mode
}

function atLeastOne(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${name}: ${value} is not a whole number of at least 1`,
    )
  return value
}
