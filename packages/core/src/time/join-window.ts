/**
 * Join windows: how far apart the times of two rows may be that join. Seen from one side: its row at `t` joins rows of the other side
 * in [t - before, t + after], both included. The other side sees the same window mirrored. Pure arithmetic.
 *
 * | what | rule |
 * |---|---|
 * | a row at `t` is open: a partner may still come | T <= t + after + grace |
 * | retention of stored rows (stream time) | before + after + grace |
 */
import { MillraceError } from '../errors.ts'
import { durationMs } from './duration.ts'
import type { Duration } from './duration.ts'

export interface JoinWindow {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** Both ways, or how far the other row may lie before and after. */
export type Within = Duration | { readonly before: Duration; readonly after: Duration }

/** As the left side sees it. `verb` names the operator in errors. */
export function joinWindow(
  within: Within | undefined,
  grace: Duration | undefined,
  verb: string,
): JoinWindow {
  if (within === undefined)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${verb} of two streams needs to know how far apart two rows may be: give { within: '5m' }, or { within: { before: '5m', after: '0ms' } }`,
    )
  const { before, after } =
    typeof within === 'string' ? { before: within, after: within } : (within as Partial<Both>)
  return Object.freeze({
    beforeMs: durationMs(before as Duration, `${verb}: within.before`),
    afterMs: durationMs(after as Duration, `${verb}: within.after`),
    graceMs: grace === undefined ? 0 : durationMs(grace, `${verb}: grace`),
  })
}

interface Both {
  readonly before: Duration
  readonly after: Duration
}

/** As the other side sees it. */
export function mirrored({ beforeMs, afterMs, graceMs }: JoinWindow): JoinWindow {
  return Object.freeze({ beforeMs: afterMs, afterMs: beforeMs, graceMs })
}

/** Rows of this side from that time on are open at T; older ones are closed. */
export function openFrom({ afterMs, graceMs }: JoinWindow, watermark: number): number {
  return watermark - afterMs - graceMs
}

/** Kafka Streams: a store of a side holds rows for so long behind the newest that was offered to it. */
export function retentionOf({ beforeMs, afterMs, graceMs }: JoinWindow): number {
  return beforeMs + afterMs + graceMs
}
