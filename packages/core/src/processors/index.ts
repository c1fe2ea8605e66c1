/**
 * `@millrace/core/operator`: for those who write operators. A `Processor` sees one row at a time and is pushed
 * synchronously; an `AsyncOperator` does work that waits, behind a queue of the engine's.
 */
export type { AsyncCall, AsyncMode, AsyncOperator } from './async-node.ts'
export type { Processor, ProcessorContext, RowContext } from './processor.ts'
export type { Origin } from '../row.ts'
