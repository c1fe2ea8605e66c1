/**
 * One task's port: rows become lines on entry, a freeze gives them away as one section, publishing makes a file of it.
 * There is one lane, so files appear in the order of commits. The file system lies behind `PartDirectory`.
 */
import type { CommitRef, RowContext, Section, SinkPort } from '@millrace/core/sink'
import { encodeLine } from './encode.ts'
import { LineBuffer } from './line-buffer.ts'

/** Where files are made: each once, whole and durable. */
export interface PartDirectory {
  /** Resolves when the file of this commit is durable; again with the same bytes changes nothing. */
  publish(seq: number, bytes: Uint8Array): Promise<void>
}

export interface PortOptions<in V> {
  readonly map: ((value: V, key: unknown, row: RowContext) => unknown) | undefined
  readonly bytesMax: number
}

export class NdjsonPort<in V> implements SinkPort<V> {
  readonly #directory: PartDirectory
  readonly #options: PortOptions<V>
  readonly #lines: LineBuffer = new LineBuffer()

  constructor(directory: PartDirectory, options: PortOptions<V>) {
    this.#directory = directory
    this.#options = options
  }

  open(): Promise<void> {
    return Promise.resolve() // a file says by itself whether its commit was published
  }

  write(key: unknown, value: V, row: RowContext): boolean {
    const { map, bytesMax } = this.#options
    this.#lines.add(encodeLine(map === undefined ? value : map(value, key, row)))
    return this.#lines.bytes < bytesMax
  }

  freeze(): readonly Section[] {
    if (this.#lines.lines === 0) return []
    const { lines, bytes } = this.#lines.take()
    return [{ lane: 'rows', rows: lines, bytes }]
  }

  async publish(section: Section, at: CommitRef): Promise<void> {
    await this.#directory.publish(at.seq, section.bytes)
  }

  close(): Promise<void> {
    return Promise.resolve() // holds no handle between two calls
  }
}
