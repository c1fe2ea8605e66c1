/**
 * `@millrace/core/level`: state on a local disk, as a cache of the checkpoint. A spec only: no file and no database is touched,
 * and no database module is loaded, before it is opened.
 */
export { level } from './state/level/index.ts'
export type { LevelOptions } from './state/level/index.ts'
