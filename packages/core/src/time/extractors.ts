/**
 * Ready-made functions for `eventTime`, with the answers of Kafka Streams' extractors to a record that has no usable time. A negative
 * answer drops the row as `invalid-time`; an error goes to the policy of the node.
 */
import { MillraceError } from '../errors.ts'

/** What is known of a record before it has an event time. Reused for the next one. */
export interface RecordTime {
  /** As the log has it; negative when it has none. */
  readonly timestamp: number
  /** The highest event time taken from the record's split so far; -1 at first. Part of the commit. */
  readonly partitionTime: number
  /** Wall clock of the task. */
  readonly now: number
}

/** The record's own time; without one it is an error. */
export function failOnInvalidTime(_value: unknown, _key: unknown, record: RecordTime): number {
  if (record.timestamp >= 0) return record.timestamp
  throw invalidTime(`the record has no time (${record.timestamp})`)
}

/** The record's own time; without one it is dropped and counted. */
export function skipInvalidTime(_value: unknown, _key: unknown, record: RecordTime): number {
  return record.timestamp
}

/** The record's own time, else the highest of its split; an error while there is none. */
export function partitionTimeOnInvalid(_value: unknown, _key: unknown, record: RecordTime): number {
  if (record.timestamp >= 0) return record.timestamp
  if (record.partitionTime >= 0) return record.partitionTime
  throw invalidTime(
    `the record has no time (${record.timestamp}), and none of its split had one before it`,
  )
}

/** The wall clock: event time is processing time. */
export function wallClockTime(_value: unknown, _key: unknown, record: RecordTime): number {
  return record.now
}

export function invalidTime(what: string): MillraceError {
  return new MillraceError(
    'MILLRACE_INVALID_TIME',
    `${what}: give whole milliseconds since 1970, or a negative number to drop the row`,
  )
}
