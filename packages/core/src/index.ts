/**
 * `@millrace/core`: the everyday API. Build an app, hand it sources and sinks, run it. Nothing here loads a client or a
 * database: adapters are loaded when a spec is opened.
 */
export { App, createApp } from './app.ts'
export type { AppOptions, AppState, NodeReport, RunOptions, WorkerReport } from './app.ts'
export type { QueryOptions, RecordKey, StoreQuery } from './app.ts'
export type { ViewShape } from './state/stored-rows.ts'
export type { RangeOptions } from './state/store.ts'
export type {
  AsyncOptions,
  EventTimeOptions,
  KStream,
  KeyByOptions,
  NodeOptions,
  Op,
  RetryOptions,
  TypeProblem,
  ValidateOptions,
} from './dsl/kstream.ts'
export type {
  GlobalKTable,
  KTable,
  KTableGrouped,
  BufferOptions,
  ForeignJoinOptions,
  GroupTableOptions,
  SuppressOptions,
  TableOptions,
  ToTableOptions,
} from './dsl/ktable.ts'
export type {
  Emit,
  KCogrouped,
  KCogroupedSessions,
  KCogroupedWindowed,
  KGrouped,
  KSessions,
  KWindowed,
  LateOption,
  WindowOptions,
} from './dsl/kgrouped.ts'
export type {
  GlobalJoinOptions,
  GroupOptions,
  StreamJoinOptions,
  TableJoinOptions,
} from './dsl/kstream.ts'
export type { Late } from './processors/node.ts'
export { hopping, session, sliding, tumbling, unlimited } from './time/windows.ts'
export type {
  SessionWindow,
  SlidingWindow,
  TimeWindow,
  UnlimitedWindow,
  Windowed,
} from './time/windows.ts'
export type { Clock } from './topology/graph-node.ts'
export type { StandardSchemaV1 } from './serde/schema.ts'
export { MillraceError, isMillraceError } from './errors.ts'
export type { Coordinates, ErrorCode, ErrorFamily } from './errors.ts'
export type { Env, LogFn, LogLevel } from './env.ts'
export { realEnv } from './env.ts'
export { embedded, embeddedByRecord, openEmbedded } from './log/embedded/index.ts'
export type { EmbeddedOptions, EmbeddedTopic } from './log/embedded/index.ts'
export { generator } from './log/generator/index.ts'
export type { GeneratedRow, GeneratorOptions } from './log/generator/index.ts'
export { memory } from './checkpoint/memory/index.ts'
export { memoryState } from './state/memory/index.ts'
export type { MemoryStateOptions } from './state/memory/index.ts'
export type { StateSpec } from './state/state.ts'
export type { CheckpointOptions, CheckpointSpec } from './checkpoint/spec.ts'
export type { Source } from './log/source.ts'
export type { Sink } from './sink.ts'
export type { Decoder, Encoder, Serde } from './serde/serde.ts'
export * from './serde/index.ts'
export type { Duration } from './time/duration.ts'
export {
  failOnInvalidTime,
  partitionTimeOnInvalid,
  skipInvalidTime,
  wallClockTime,
} from './time/extractors.ts'
export type { RecordTime } from './time/extractors.ts'
export { durationMs } from './time/duration.ts'
export type { OnError, Rejected } from './topology/graph-node.ts'
export type { DescribedTopology } from './topology/describe.ts'
export { Topology } from './topology/topology.ts'
