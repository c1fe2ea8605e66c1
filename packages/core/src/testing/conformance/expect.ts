/**
 * The few assertions that the exported suites need, without an assertion library. `expected` and
 * `actual` are set for runners that show a difference. `what` is the behaviour that was expected,
 * as a statement.
 */
import { isMillraceError, messageOf } from '../../errors.ts'
import type { ErrorCode } from '../../errors.ts'

export class ConformanceError extends Error {
  readonly expected: unknown
  readonly actual: unknown

  constructor(
    message: string,
    more: { expected?: unknown; actual?: unknown; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ConformanceError'
    this.expected = more.expected
    this.actual = more.actual
  }
}

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ConformanceError(`expected: ${what}`)
}

/** Compares by JSON: for text, numbers, and plain lists and objects of these. */
export function expectEqual<T>(actual: T, expected: T, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is === should) return
  throw new ConformanceError(`expected: ${what}: ${cut(should)}, but got ${cut(is)}`, {
    expected,
    actual,
  })
}

export function expectBytes(
  actual: Uint8Array | undefined,
  expected: Uint8Array,
  what: string,
): void {
  if (actual === undefined)
    throw new ConformanceError(`expected: ${what}: ${expected.length} bytes, but got nothing`)
  if (actual.length !== expected.length) {
    throw new ConformanceError(
      `expected: ${what}: ${expected.length} bytes, but got ${actual.length}`,
    )
  }
  for (let at = 0; at < expected.length; at++) {
    if (actual[at] === expected[at]) continue
    throw new ConformanceError(
      `expected: ${what}: byte ${at} is ${expected[at]}, but got ${actual[at]}`,
    )
  }
}

/** The call must give a promise that rejects: one that throws at once is at fault, too. */
export async function expectRejected(
  code: ErrorCode,
  call: () => Promise<unknown>,
  what: string,
): Promise<void> {
  const promise = call()
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    if (isMillraceError(error) && error.code === code) return
    throw new ConformanceError(`expected: ${what}: ${code}, but got ${messageOf(error)}`, {
      cause: error,
    })
  }
  throw new ConformanceError(
    `expected: ${what}: ${code}, but it resolved with ${cut(JSON.stringify(value))}`,
  )
}

/** The call must throw at once. */
export function expectThrown(code: ErrorCode, call: () => unknown, what: string): void {
  try {
    call()
  } catch (error) {
    if (isMillraceError(error) && error.code === code) return
    throw new ConformanceError(`expected: ${what}: ${code}, but got ${messageOf(error)}`, {
      cause: error,
    })
  }
  throw new ConformanceError(`expected: ${what}: ${code}, but nothing was thrown`)
}

function cut(text: string | undefined): string {
  return text === undefined ? 'undefined' : text.length > 400 ? `${text.slice(0, 400)}...` : text
}
