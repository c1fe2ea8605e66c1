/**
 * One value against one Standard Schema (zod, valibot, arktype, ...), synchronously: the hot path
 * has no promise. `checkSchema` gives the result or the issues as data; `validateSync` throws them.
 * A schema that answers with a promise is a mistake of the program and not of the record, so it
 * fails with a code of its own instead of the record's policy. A schema that throws has refused the
 * record.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError, messageOf } from '../errors.ts'
import { kindOf } from './kind-of.ts'

/** The typed output, or the issues. */
export function checkSchema<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
): StandardSchemaV1.Result<StandardSchemaV1.InferOutput<S>> {
  const result = callSchema(schema, value)
  if (typeof result !== 'object' || result === null) throw notAResult(schema, result)
  if ('then' in result) {
    // Nobody awaits it: without a handler its rejection would end the process.
    void Promise.resolve(result).then(undefined, () => undefined)
    throw new MillraceError(
      'MILLRACE_ASYNC_RESULT',
      `the ${schema['~standard'].vendor} schema validates asynchronously, which a synchronous step cannot wait for: ` +
        'make its refinements synchronous, or do the asynchronous part in an async operator',
    )
  }
  if (!('value' in result) && !('issues' in result)) throw notAResult(schema, result)
  return result as StandardSchemaV1.Result<StandardSchemaV1.InferOutput<S>>
}

/** The typed output; MILLRACE_DECODE with the issues and their paths when there is none. */
export function validateSync<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
): StandardSchemaV1.InferOutput<S> {
  const result = checkSchema(schema, value)
  if (!result.issues) return result.value
  throw new MillraceError(
    'MILLRACE_DECODE',
    `the value does not fit its schema: ${describeIssues(result.issues)}. Correct the producer or the schema`,
  )
}

const issuesShown = 5
const issueChars = 200

/** `items[2].price: expected number; ...`: the first five issues, each cut to 200 characters. */
export function describeIssues(issues: ReadonlyArray<StandardSchemaV1.Issue>): string {
  const shown = issues.slice(0, issuesShown).map((issue) => {
    const text = `${describePath(issue.path)}: ${issue.message}`
    return text.length > issueChars ? `${text.slice(0, issueChars)}...` : text
  })
  if (issues.length > issuesShown) shown.push(`and ${issues.length - issuesShown} more`)
  return shown.length === 0 ? 'no issue was given' : shown.join('; ')
}

/** True for what a user may pass where a schema is expected: arktype's schemas are functions. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard: unknown = (value as { '~standard'?: unknown })['~standard']
  return typeof (standard as StandardSchemaV1.Props | undefined)?.validate === 'function'
}

function callSchema(schema: StandardSchemaV1, value: unknown): unknown {
  try {
    return schema['~standard'].validate(value)
  } catch (error) {
    throw new MillraceError(
      'MILLRACE_DECODE',
      `the ${schema['~standard'].vendor} schema threw: ${messageOf(error)}. A schema reports issues and does not throw`,
      { cause: error },
    )
  }
}

function notAResult(schema: StandardSchemaV1, result: unknown): MillraceError {
  return new MillraceError(
    'MILLRACE_CONFIG',
    `the ${schema['~standard'].vendor} schema answered with ${kindOf(result)} instead of { value } or { issues }: ` +
      'it does not follow Standard Schema version 1',
  )
}

function describePath(path: StandardSchemaV1.Issue['path']): string {
  let text = ''
  for (const segment of path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') text += `[${key}]`
    else text += text === '' ? String(key) : `.${String(key)}`
  }
  return text === '' ? '(the value)' : text
}

export type { StandardSchemaV1 }
