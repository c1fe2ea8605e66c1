/**
 * LoopPort: a repartition log under the test driver. Rows are encoded and placed as a real log would, and reach the tasks behind it
 * when they are frozen.
 */
import { partitionOf } from '../hash.ts'
import type { Headers, MarkingPort, RowContext, Section } from '../sink.ts'
import type { RepartitionNode } from '../topology/graph-node.ts'
import type { TestRow } from './test-batch.ts'

export type Deliver = (topic: string, partition: number, row: TestRow) => void

export class LoopPort implements MarkingPort {
  readonly #node: RepartitionNode
  readonly #partitions: number
  readonly #deliver: Deliver
  #written: { readonly partition: number; readonly row: TestRow }[] = []

  constructor(node: RepartitionNode, partitions: number, deliver: Deliver) {
    this.#node = node
    this.#partitions = partitions
    this.#deliver = deliver
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(key: unknown, value: unknown, row: RowContext): boolean {
    const keyBytes = key === null ? null : this.#node.key.encode(key)
    const partition = keyBytes === null ? 0 : partitionOf(keyBytes, this.#partitions)
    const valueBytes = value === null ? null : this.#node.value.encode(value)
    this.#add(partition, keyBytes, valueBytes, row.time, row.headers)
    return true
  }

  mark(headers: Headers): boolean {
    for (let i = 0; i < this.#partitions; i++) this.#add(i, null, null, 0, headers)
    return true
  }

  freeze(): readonly Section[] {
    const written = this.#written
    this.#written = []
    for (const { partition, row } of written) this.#deliver(this.#node.topic, partition, row)
    return []
  }

  drop(): void {
    this.#written = []
  }

  publish(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #add(
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers | undefined,
  ): void {
    const row = { key, value, timestamp, ...(headers === undefined ? {} : { headers }) }
    this.#written.push({ partition, row })
  }
}
