/**
 * Sessions [first, last]: which ones a row joins, when they close, and how long a closed one is kept. Pure.
 *
 * A row joins every session of its key that is at most the gap away, and it is the merged session that is judged. Under the
 * watermark a closed session is out of reach, so it can go when it closes. Under stream time, as in Kafka Streams, it is found as
 * long as it is there: a row between it and an open session makes one of both. Rows that are at most `grace + 2 gap` behind T find
 * sessions that end at `T - grace - 3 gap` or later, so what ends before may go without a trace for them. A row still further
 * behind is taken only beside an open session that reaches back so far; no bound covers every chain of such rows, and retention
 * says how far back they find what Kafka Streams would have kept for ever.
 */
import type { SessionWindow } from './windows.ts'

/** Where sessions that end before are closed. */
export function sessionBound({ gapMs, graceMs }: SessionWindow, now: number): number {
  return now - graceMs - gapMs
}

/** The first T at which it is closed. */
export function sessionClosesAt({ gapMs, graceMs }: SessionWindow, end: number): number {
  return end + gapMs + graceMs + 1
}

export function endOfClosing({ gapMs, graceMs }: SessionWindow, closesAt: number): number {
  return closesAt - gapMs - graceMs - 1
}

/** The first T at which it is out of reach of rows and queries. `findsClosed`: stream time. */
export function sessionForgottenAt(
  window: SessionWindow,
  end: number,
  retentionMs: number,
  findsClosed: boolean,
): number {
  return sessionClosesAt(window, end) + Math.max(findsClosed ? 2 * window.gapMs : 0, retentionMs)
}
