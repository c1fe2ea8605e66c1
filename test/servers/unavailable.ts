/**
 * The one error that skips a suite instead of failing it: the server cannot be had on this
 * machine. It says why in plain words, and what would help. A server that was started and then
 * misbehaved is never unavailable: that is a failure, and fails the suite.
 */

export interface Unavailability {
  /** What is missing, as it stands after "no": `Kafka broker`. */
  readonly server: string
  /** Why, as it stands after "because": `java was not found`. */
  readonly because: string
  /** What to do about it, in sentences. */
  readonly remedy: string
}

export class ServerUnavailable extends Error {
  /** The same as it stands after "skipped because". */
  readonly reason: string

  constructor({ server, because, remedy }: Unavailability) {
    super(`no ${server}, because ${because}. ${remedy}`)
    this.name = 'ServerUnavailable'
    this.reason = `there is no ${server}: ${because}. ${remedy}`
  }
}
