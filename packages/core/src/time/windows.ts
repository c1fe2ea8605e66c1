/**
 * Windows: which intervals of event time rows are grouped by. Frozen specs, and what is accepted when. T is the operator's time, g its
 * grace (default none); a row is judged after it has moved T under stream time, before it under the watermark.
 *
 * | window | interval | a row is accepted while | closed when |
 * |---|---|---|---|
 * | tumbling, hopping | [s, s + size) | end > T - g | end <= T - g |
 * | sliding | [t, t + diff], both included | end >= T - g | end < T - g |
 * | session | [first, last], both included | merged end >= T - g - gap | end < T - g - gap |
 * | unlimited | [start, for ever) | always | never |
 */
import { MillraceError } from '../errors.ts'
import { durationMs } from './duration.ts'
import type { Duration } from './duration.ts'

/** Tumbling (advance = size) and hopping windows; starts are multiples of `advanceMs`, counted from the epoch. */
export interface TimeWindow {
  readonly kind: 'time'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** How long a window stays open for late rows behind its end. */
  grace(grace: Duration): TimeWindow
}

/** Every interval of this length in which the set of rows differs. */
export interface SlidingWindow {
  readonly kind: 'sliding'
  readonly diffMs: number
  readonly graceMs: number
  grace(grace: Duration): SlidingWindow
}

/** Rows of a key that are at most the gap apart. */
export interface SessionWindow {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
  grace(grace: Duration): SessionWindow
}

export interface UnlimitedWindow {
  readonly kind: 'unlimited'
  readonly startMs: number
}

export type AnyWindow = TimeWindow | SlidingWindow | SessionWindow | UnlimitedWindow

/** A key of a windowed table. `end` is exclusive for tumbling and hopping windows, Infinity for unlimited ones. */
export interface Windowed<out K> {
  readonly key: K
  readonly start: number
  readonly end: number
}

export function tumbling(size: Duration): TimeWindow {
  const sizeMs = positive(size, 'tumbling: size')
  return timeWindow(sizeMs, sizeMs, 0)
}

/** A window every `advance`. With `advance` above `size` there are gaps, whose rows are in no window. */
export function hopping(size: Duration, advance: Duration): TimeWindow {
  return timeWindow(positive(size, 'hopping: size'), positive(advance, 'hopping: advance'), 0)
}

export function sliding(difference: Duration): SlidingWindow {
  return slidingWindow(positive(difference, 'sliding: difference'), 0)
}

export function session(gap: Duration): SessionWindow {
  return sessionWindow(durationMs(gap, 'session: gap'), 0)
}

export function unlimited(options: { readonly start?: number } = {}): UnlimitedWindow {
  const startMs = options.start ?? 0
  if (!Number.isSafeInteger(startMs) || startMs < 0)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `unlimited: start is ${startMs}: give epoch milliseconds, a whole number of at least 0`,
    )
  return Object.freeze({ kind: 'unlimited', startMs })
}

function timeWindow(sizeMs: number, advanceMs: number, graceMs: number): TimeWindow {
  return Object.freeze({
    kind: 'time',
    sizeMs,
    advanceMs,
    graceMs,
    grace: (grace: Duration) => timeWindow(sizeMs, advanceMs, durationMs(grace, 'grace')),
  })
}

function slidingWindow(diffMs: number, graceMs: number): SlidingWindow {
  return Object.freeze({
    kind: 'sliding',
    diffMs,
    graceMs,
    grace: (grace: Duration) => slidingWindow(diffMs, durationMs(grace, 'grace')),
  })
}

function sessionWindow(gapMs: number, graceMs: number): SessionWindow {
  return Object.freeze({
    kind: 'session',
    gapMs,
    graceMs,
    grace: (grace: Duration) => sessionWindow(gapMs, durationMs(grace, 'grace')),
  })
}

function positive(duration: Duration, name: string): number {
  const ms = durationMs(duration, name)
  if (ms <= 0)
    throw new MillraceError('MILLRACE_CONFIG', `${name} is ${duration}: give more than 0`)
  return ms
}
