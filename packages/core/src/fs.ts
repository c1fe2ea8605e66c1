/**
 * `@millrace/core/fs`: files of a local disk: checkpoints in a directory, NDJSON files as sources. Specs only: nothing is
 * touched, and no file system module is loaded, before one is opened.
 */
export { fs } from './checkpoint/fs/index.ts'
export { ndjson } from './log/fs/index.ts'
export type { NdjsonOptions, NdjsonSource } from './log/fs/index.ts'
export type { CheckpointOptions, CheckpointSpec } from './checkpoint/spec.ts'
