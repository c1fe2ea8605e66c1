/**
 * Law 1 as numbers: per node every row taken has exactly one disposition. Each field is counted where it happens,
 * never derived from the others, so that the sum can fail.
 */
export class Counters {
  taken = 0
  forwarded = 0
  absorbed = 0
  filtered = 0
  late = 0
  deadLettered = 0
  /** A gauge: rows whose asynchronous call has not come back, or which wait for their turn behind one. */
  inFlight = 0
  /** Rows made by time or by a drain: nobody's disposition. */
  made = 0
  retried = 0
  timedOut = 0
  readonly #reasons: Map<string, number> = new Map()

  /** A row that ends here for a named reason. */
  drop(reason: string): void {
    this.filtered++
    this.note(reason)
  }

  /** Counts a reason without making it a disposition. */
  note(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }

  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons
  }

  /** True while law 1 holds. */
  get conserved(): boolean {
    return (
      this.taken ===
      this.forwarded + this.absorbed + this.filtered + this.late + this.deadLettered + this.inFlight
    )
  }
}
