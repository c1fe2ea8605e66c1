/**
 * `@millrace/sinks/ndjson`: rows as lines of JSON in a directory, exactly once. This door holds specs only: files are
 * touched when a sink is opened. Reading such files back is `ndjson(...)` of `@millrace/core/fs`.
 */
export { deadLetters } from './dead-letters.ts'
export type { DeadLetter, DeadLettersOptions } from './dead-letters.ts'
export { ndjson } from './spec.ts'
export type { NdjsonOptions } from './spec.ts'
