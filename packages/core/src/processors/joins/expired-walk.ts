/**
 * The expired walk of Kafka Streams (stream time): when rows that found no partner leave, and why sometimes later than they could.
 *
 * Its walk goes over all waiting rows in the order of (time, right before left, key). It emits the closed ones and stops behind the
 * first open row of each side. It remembers the time of the last row it looked at, the one at which it stopped included, and the next
 * walk is skipped while that time, not that of the lowest row, lies in the window of the row that triggers it.
 *
 * Closed rows of a side come before its open ones, so every walk emits all that are closed. What is left to know is where it ends, and
 * that follows from the times at which rows wait.
 */
import type { TimeCounts } from './waiting.ts'

/**
 * The time of the last row that a walk looks at, before it has emitted anything; Infinity when no row waits. Rows of a side are open from
 * `leftOpen` and `rightOpen` on; a side that never waits has no times.
 */
export function endOfWalk(
  left: TimeCounts | undefined,
  right: TimeCounts | undefined,
  leftOpen: number,
  rightOpen: number,
): number {
  const openLeft = left?.from(leftOpen) ?? Infinity
  const openRight = right?.from(rightOpen) ?? Infinity
  if (openLeft === Infinity || openRight === Infinity) {
    // It never meets an open row of that side, so it goes to the end.
    const last = Math.max(left?.last ?? -Infinity, right?.last ?? -Infinity)
    return last === -Infinity ? Infinity : last
  }
  // At one time rows of the right come first.
  const stop = Math.max(openLeft, openRight)
  const more =
    openLeft >= openRight ? left!.at(stop) > 1 : right!.at(stop) > 1 || left!.at(stop) > 0
  if (more) return stop
  const next = Math.min(left!.from(stop + 1), right!.from(stop + 1))
  return next === Infinity ? stop : next
}
