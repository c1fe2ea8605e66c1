/** Back-off for calls that must come through in the end: doubling, capped, with jitter; `random` is in [0, 1). Pure. */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(10_000, 50 * 2 ** Math.min(attempt, 20)) * (0.5 + random / 2)
}
