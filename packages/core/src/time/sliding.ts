/**
 * Sliding windows [start, start + diff], both ends included: which a row can meet, when they close, and how long a closed one is
 * kept. Pure.
 *
 * A closed window takes no row, and yet a later row may need it: its neighbour to the right is made from it. A row is taken while
 * `time + diff >= T - grace`, and looks at windows that start at `time - 2 diff` or later. So what starts before
 * `T - grace - 3 diff` is seen by no row any more: the bound is exact, under either clock.
 */
import type { SlidingWindow } from './windows.ts'

/** The lowest start that a row of this time looks at. */
export function lowestSeen({ diffMs }: SlidingWindow, time: number): number {
  return Math.max(0, time - 2 * diffMs)
}

/** Where windows that end before are closed. */
export function slidingBound({ graceMs }: SlidingWindow, now: number): number {
  return now - graceMs
}

/** The first T at which it is closed. */
export function slidingClosesAt({ diffMs, graceMs }: SlidingWindow, start: number): number {
  return start + diffMs + graceMs + 1
}

export function startOfClosing({ diffMs, graceMs }: SlidingWindow, closesAt: number): number {
  return closesAt - diffMs - graceMs - 1
}

/** The first T at which no row sees it and no query may ask for it. */
export function slidingForgottenAt(
  window: SlidingWindow,
  start: number,
  retentionMs: number,
): number {
  return slidingClosesAt(window, start) + Math.max(2 * window.diffMs, retentionMs)
}
