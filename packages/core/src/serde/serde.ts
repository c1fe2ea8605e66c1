/**
 * Serdes turn bytes into values and back. They are pure and synchronous, never evaluate their input, and refuse it
 * with MILLRACE_DECODE or MILLRACE_RECORD_TOO_LARGE: the source turns that into its node's policy (a dead letter).
 */
export interface Decoder<out T> {
  /** Name for errors and for the fingerprint of a topology ('json', 'string', ...). */
  readonly name: string
  decode(bytes: Uint8Array): T
}

export interface Encoder<in T> {
  readonly name: string
  encode(value: T): Uint8Array
}

export interface Serde<in out T> extends Decoder<T>, Encoder<T> {}
