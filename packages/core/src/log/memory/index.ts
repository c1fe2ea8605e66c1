/**
 * A log in memory, for tests of pipelines and of the engine: the contracts of the others, fixed
 * partitions or shards that split and merge, rows that the log withholds, transactions. It outlives its closing,
 * as a broker does, so that a restart can be tested. No I/O, no time.
 */
export { MemoryLog } from './log.ts'
export type { MemoryLogOptions } from './log.ts'
export type { MemoryRow } from './split.ts'
export type { LostAnswer } from './decider.ts'
export { memorySink } from './sink.ts'
export type { MemorySinkOptions } from './sink.ts'
export { memoryTopic } from './spec.ts'
export type { MemoryTopic, MemoryTopicOptions } from './spec.ts'
