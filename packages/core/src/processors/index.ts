/**
 * `@millrace/core/operator`: for those who write operators. A `Processor` sees one row at a time and is pushed
 * synchronously; an `AsyncOperator` does work that waits, behind a queue of the engine's.
 */
export type { AsyncCall, AsyncMode, AsyncOperator } from './async-node.ts'
export type {
  Processor,
  ProcessorContext,
  RowContext,
  ScheduleKind,
  TimerKind,
} from './processor.ts'
export type { Origin } from '../row.ts'
export { keyPrefix } from '../state/key-prefix.ts'
export { keyValueStore } from '../state/key-value.ts'
export type { KeyValueOptions, TtlOptions } from '../state/key-value.ts'
export type { SessionStore, VersionedStore, WindowStore } from '../state/shapes.ts'
export type { Session, Version } from '../state/shapes.ts'
export type {
  KeyValueStore,
  RangeOptions,
  StoreScope,
  StoreShape,
  StoreSpec,
  Ttl,
} from '../state/store.ts'
