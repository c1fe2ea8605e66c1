/**
 * What the suite of sinks is given, and the task that its cases play: it writes, freezes, keeps sections as a commit
 * record would, and publishes them.
 */
import { realEnv } from '../../env.ts'
import type { RowContext } from '../../row.ts'
import type { CommitRef, Section, Sink, SinkPort } from '../../sink.ts'

export interface SinkSubject<V = unknown> {
  /** A staged sink (`decides: 'log'`) that creates what it writes to. */
  readonly sink: Sink<V>
  /** The app's own directory in the context that ports are opened with. */
  readonly dir: string
  /** A value that carries the number, about so many bytes long when it is encoded. */
  value(n: number, bytes: number): V
  /** The numbers of all rows that a reader of the target sees now; rows of one key in the order of the target. */
  visible(): Promise<readonly number[]>
  /** Writes to a value as an enriching operator would. For sinks of objects. */
  spoil?(value: V): void
  /** A value that the sink cannot encode. */
  unwritable?(): V
  dispose(): Promise<void>
}

/** One decided commit of a task: what its record holds. */
export interface Decided {
  readonly seq: number
  readonly sections: readonly Section[]
}

const smallBytes = 24
const keys = 5

/** One owner of a task: opens a port of its own, and counts commits on from where it was told. */
export class SinkOwner<V> {
  readonly #subject: SinkSubject<V>
  readonly #task: string
  readonly port: SinkPort<V>
  #seq: number

  private constructor(subject: SinkSubject<V>, task: string, port: SinkPort<V>, seq: number) {
    this.#subject = subject
    this.#task = task
    this.port = port
    this.#seq = seq
  }

  /** Takes the task over; `pending` is what former owners decided and nobody marked as done. */
  static async open<V>(
    subject: SinkSubject<V>,
    options: { task?: string; seq?: number; pending?: readonly Decided[] } = {},
  ): Promise<SinkOwner<V>> {
    const { task = '0', seq = 0, pending = [] } = options
    const port = await subject.sink.open({
      env: realEnv({ log: () => {} }),
      app: 'conformance',
      dir: subject.dir,
      subTopology: 'rows',
      task,
      node: 'sink',
    })
    await port.open(pending.flatMap(({ sections }) => sections))
    return new SinkOwner(subject, task, port, seq)
  }

  write(numbers: readonly number[], bytes: number = smallBytes): boolean {
    let roomy = true
    for (const n of numbers)
      roomy = this.port.write(keyOf(n), this.#subject.value(n, bytes), rowAt(n)) && roomy
    return roomy
  }

  /** The sections come back as from a record: equal, and nothing that the port still holds. */
  freeze(): Decided {
    const sections = this.port
      .freeze()
      .map(({ lane, rows, bytes }) => ({ lane, rows, bytes: Uint8Array.from(bytes) }))
    return { seq: ++this.#seq, sections }
  }

  commit(numbers: readonly number[], bytes?: number): Decided {
    this.write(numbers, bytes)
    return this.freeze()
  }

  /** Lanes at once, as the runtime does; commits one after the other. */
  async publish(...commits: readonly Decided[]): Promise<void> {
    for (const { seq, sections } of commits) {
      const at: CommitRef = { app: 'conformance', subTopology: 'rows', task: this.#task, seq }
      await Promise.all(sections.map((section) => this.port.publish(section, at)))
    }
  }

  async close(): Promise<void> {
    await this.port.close()
  }
}

export function keyOf(n: number): string {
  return `key-${n % keys}`
}

export function rowAt(time: number): RowContext {
  return {
    time,
    watermark: -Infinity,
    old: undefined,
    tombstone: false,
    latest: false,
    final: false,
    headers: undefined,
    origin: undefined,
  }
}

/** The numbers grouped by key, each group in the order given: what order per key means. */
export function byKey(numbers: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: keys }, (_, key) => numbers.filter((n) => n % keys === key))
}

export function rowsIn({ sections }: Decided): number {
  return sections.reduce((sum, section) => sum + section.rows, 0)
}
