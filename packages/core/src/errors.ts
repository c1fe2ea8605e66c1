/**
 * Every error that leaves Millrace is a MillraceError: a stable `code`, a message that says what happened and
 * what to do, and the coordinates that a person on call needs. Behaviour follows the family, never the prose:
 * `retriable` backs off, `fenced` gives the task up, `fatal` stops it. Poison records are data, not errors:
 * they go to the policy of their node. Each code is a heading of docs/reference/errors.md (a test compares).
 */

export type ErrorFamily = 'retriable' | 'fenced' | 'fatal'

/** Where it happened. Only what is known is set. */
export interface Coordinates {
  readonly app?: string
  readonly subTopology?: string
  readonly task?: string
  readonly node?: string
  readonly split?: string
  readonly position?: string
  readonly key?: string
}

export type ErrorCode =
  | 'MILLRACE_INVARIANT'
  | 'MILLRACE_CONFIG'
  | 'MILLRACE_TOPOLOGY'
  | 'MILLRACE_DUPLICATE_NAME'
  | 'MILLRACE_TWO_COPIES'
  | 'MILLRACE_DURATION'
  | 'MILLRACE_DECODE'
  | 'MILLRACE_FUTURE'
  | 'MILLRACE_INVALID_TIME'
  | 'MILLRACE_ENCODE'
  | 'MILLRACE_RECORD_TOO_LARGE'
  | 'MILLRACE_UNKNOWN_TOPIC'
  | 'MILLRACE_POSITION_GONE'
  | 'MILLRACE_LOG_CLOSED'
  | 'MILLRACE_LOG_DAMAGED'
  | 'MILLRACE_DIRECTORY_LOCKED'
  | 'MILLRACE_STATE_DAMAGED'
  | 'MILLRACE_STORE_UNAVAILABLE'
  | 'MILLRACE_OBJECT_STORE'
  | 'MILLRACE_RECORD_DAMAGED'
  | 'MILLRACE_TOPOLOGY_CHANGED'
  | 'MILLRACE_FENCED'
  | 'MILLRACE_UNDECIDED'
  | 'MILLRACE_NODE_FAILED'
  | 'MILLRACE_ASYNC_RESULT'
  | 'MILLRACE_ASYNC_TIMEOUT'
  | 'MILLRACE_SINK_FAILED'
  | 'MILLRACE_LIFECYCLE'
  | 'MILLRACE_SHUTDOWN_TIMEOUT'
  | 'MILLRACE_UNSETTLED'

const families: Readonly<Record<ErrorCode, ErrorFamily>> = {
  MILLRACE_INVARIANT: 'fatal',
  MILLRACE_CONFIG: 'fatal',
  MILLRACE_TOPOLOGY: 'fatal',
  MILLRACE_DUPLICATE_NAME: 'fatal',
  MILLRACE_TWO_COPIES: 'fatal',
  MILLRACE_DURATION: 'fatal',
  MILLRACE_DECODE: 'fatal',
  MILLRACE_FUTURE: 'fatal',
  MILLRACE_INVALID_TIME: 'fatal',
  MILLRACE_ENCODE: 'fatal',
  MILLRACE_RECORD_TOO_LARGE: 'fatal',
  MILLRACE_UNKNOWN_TOPIC: 'fatal',
  MILLRACE_POSITION_GONE: 'fatal',
  MILLRACE_LOG_CLOSED: 'fatal',
  MILLRACE_LOG_DAMAGED: 'fatal',
  MILLRACE_DIRECTORY_LOCKED: 'fatal',
  MILLRACE_STATE_DAMAGED: 'retriable',
  MILLRACE_STORE_UNAVAILABLE: 'retriable',
  MILLRACE_OBJECT_STORE: 'retriable',
  MILLRACE_RECORD_DAMAGED: 'fatal',
  MILLRACE_TOPOLOGY_CHANGED: 'fatal',
  MILLRACE_FENCED: 'fenced',
  MILLRACE_UNDECIDED: 'retriable',
  MILLRACE_NODE_FAILED: 'fatal',
  MILLRACE_ASYNC_RESULT: 'fatal',
  MILLRACE_ASYNC_TIMEOUT: 'retriable',
  MILLRACE_SINK_FAILED: 'retriable',
  MILLRACE_LIFECYCLE: 'fatal',
  MILLRACE_SHUTDOWN_TIMEOUT: 'fatal',
  MILLRACE_UNSETTLED: 'fatal',
}

export const errorCodes: readonly ErrorCode[] = Object.freeze(Object.keys(families) as ErrorCode[])

const brand: symbol = Symbol.for('millrace.error')

export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly family: ErrorFamily
  readonly at: Coordinates

  constructor(code: ErrorCode, message: string, more: { at?: Coordinates; cause?: unknown } = {}) {
    const where = describePlace(more.at)
    super(
      where === '' ? message : `${message} (${where})`,
      more.cause === undefined ? undefined : { cause: more.cause },
    )
    this.name = 'MillraceError'
    this.code = code
    this.family = families[code]
    this.at = more.at ?? {}
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Works across two copies of the package, which `instanceof` does not. */
export function isMillraceError(error: unknown): error is MillraceError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The message of whatever was thrown: user code and some libraries throw strings. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message
  return typeof error === 'string' ? error : String(error)
}

function describePlace(at: Coordinates | undefined): string {
  if (at === undefined) return ''
  const parts: string[] = []
  if (at.app !== undefined) parts.push(`app ${at.app}`)
  if (at.subTopology !== undefined && at.task === undefined)
    parts.push(`sub-topology ${at.subTopology}`)
  if (at.task !== undefined) parts.push(`task ${at.task}`)
  if (at.node !== undefined) parts.push(`node ${at.node}`)
  if (at.split !== undefined) parts.push(`split ${at.split}`)
  if (at.position !== undefined) parts.push(`position ${at.position}`)
  if (at.key !== undefined) parts.push(`key ${at.key}`)
  return parts.join(', ')
}
