/**
 * One row as one line of JSON. What JSON has no text for is an error of the row, never a line that says something
 * else: it goes to the policy of the sink's node. Of an error no more of the row is told than its kind.
 */
import { MillraceError } from '@millrace/core'

/** The text of the line, without its end. JSON escapes line ends inside strings, so a row is one line. */
export function encodeLine(value: unknown): string {
  if (isThenable(value)) {
    // Nobody awaits it: without a handler its rejection would end the process.
    void Promise.resolve(value).then(undefined, () => undefined)
    throw new MillraceError(
      'MILLRACE_ASYNC_RESULT',
      'ndjson cannot write a promise: make `map` synchronous, or do the waiting in mapValuesAsync(...) before the sink',
    )
  }
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw unencodable(firstLine(error), error)
  }
  if (text === undefined) throw unencodable(`JSON has no text for ${typeof value}`)
  return text
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

function unencodable(because: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'MILLRACE_ENCODE',
    `ndjson cannot write this row: ${because}. Give \`map\` a function that makes plain JSON data of it, for example a string of a bigint`,
    { cause },
  )
}

/** V8 draws a cycle over several lines, with the names of the fields. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : 'a toJSON method threw'
  return message.split('\n', 1)[0] ?? ''
}
