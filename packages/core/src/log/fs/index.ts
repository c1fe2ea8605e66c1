/** Files as sources. This door holds specs only: the file is opened when the app runs. */
export { ndjson } from './spec.ts'
export type { NdjsonOptions, NdjsonSource } from './spec.ts'
