/**
 * Which tumbling, hopping and unlimited windows a time falls in, and when they close. Pure. Starts are multiples of `advanceMs`,
 * counted from the epoch, never negative. A row is in every window with `start <= time < start + sizeMs`; the window takes it while
 * `closesAt(start) > T` and is closed from then on, so a row and the close agree on every T.
 */
import type { TimeWindow, UnlimitedWindow } from './windows.ts'

/** The numbers of one kind of window, equal in form for all of them. An unlimited window is one that never ends and never repeats. */
export interface WindowGrid {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  readonly originMs: number
}

export function gridOf(window: TimeWindow | UnlimitedWindow): WindowGrid {
  return window.kind === 'unlimited'
    ? { sizeMs: Infinity, advanceMs: Infinity, graceMs: 0, originMs: window.startMs }
    : {
        sizeMs: window.sizeMs,
        advanceMs: window.advanceMs,
        graceMs: window.graceMs,
        originMs: 0,
      }
}

/** The lowest start of the windows of this time. The others follow every `advanceMs`, up to the time; none if it lies behind it. */
export function firstStart({ sizeMs, advanceMs, originMs }: WindowGrid, time: number): number {
  if (advanceMs === Infinity) return originMs
  return Math.floor(Math.max(0, time - sizeMs + advanceMs) / advanceMs) * advanceMs
}

/** From this T on the window takes no row. */
export function closesAt({ sizeMs, graceMs }: WindowGrid, start: number): number {
  return start + sizeMs + graceMs
}

/** The window that closes at this T. */
export function startOfClosing({ sizeMs, graceMs }: WindowGrid, at: number): number {
  return at - graceMs - sizeMs
}
