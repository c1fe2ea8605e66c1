/**
 * A workload: the same work three times. `build` gives it to the engine, `bare` is a loop over the same rows with the same
 * functions and nothing else, `awaited` is that loop with each function asynchronous and awaited: what a naive library costs.
 * All of them end in a checksum, and a bench whose checksums differ has no result.
 */
import type { KStream } from '@millrace/core'
import type { Checksum } from './checksum.ts'
import type { BenchRow, Event } from './rows.ts'

export interface Workload {
  readonly build: (stream: KStream<string, Event>, into: Checksum) => void
  readonly bare: (rows: readonly BenchRow[], into: Checksum) => void
  readonly awaited?: (rows: readonly BenchRow[], into: Checksum) => Promise<void>
}
