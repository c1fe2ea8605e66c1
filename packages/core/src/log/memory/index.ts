/**
 * A log in memory, for tests of pipelines and of the engine: the contracts of the others, fixed
 * partitions or shards that split and merge, rows that the log withholds. It outlives its closing,
 * as a broker does, so that a restart can be tested. No I/O, no time.
 */
export { MemoryLog } from './log.ts'
export type { MemoryLogOptions, MemoryRow } from './log.ts'
export { memoryTopic } from './spec.ts'
export type { MemoryTopic, MemoryTopicOptions } from './spec.ts'
