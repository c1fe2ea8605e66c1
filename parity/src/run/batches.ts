/** Cuts the inputs of a case into what is offered at once: successive rows of one split, and a step of the wall clock by itself. */
import { seededRandom } from '@millrace/core/testing'
import type { Case, Input, RowInput } from '../case.ts'
import { isRow } from '../case.ts'
import type { Mode } from './modes.ts'

export interface RowBatch {
  readonly kind: 'rows'
  readonly topic: string
  readonly partition: number
  /** Index of the first row among the inputs. */
  readonly first: number
  readonly rows: readonly RowInput[]
}

export interface ClockStep {
  readonly kind: 'clock'
  readonly first: number
  readonly ms: number
}

/** A row that fails its task stands alone: what is before it must be visible, and none of it or after. */
export function batchesOf(
  { inputs = [], expectedFailure }: Case,
  mode: Mode,
): (RowBatch | ClockStep)[] {
  const random = seededRandom(mode.seed)
  const batches: (RowBatch | ClockStep)[] = []
  let open: { topic: string; partition: number; first: number; rows: RowInput[] } | undefined
  const close = (): void => {
    if (open !== undefined) batches.push({ kind: 'rows', ...open })
    open = undefined
  }
  inputs.forEach((input: Input, i) => {
    if (!isRow(input)) {
      close()
      batches.push({ kind: 'clock', first: i, ms: input.advanceWallClockMs })
      return
    }
    const partition = input.partition ?? 0
    const goesOn =
      mode.batch !== 'one' &&
      open?.topic === input.topic &&
      open.partition === partition &&
      expectedFailure?.after !== i &&
      (mode.batch === 'all' || random() < 0.7)
    if (!goesOn) {
      close()
      open = { topic: input.topic, partition, first: i, rows: [] }
    }
    open!.rows.push(input)
  })
  close()
  return batches
}
