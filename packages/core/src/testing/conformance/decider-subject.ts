/**
 * What the suites of deciders and outlets are given, and the task that their cases play: an owner appends rows, freezes,
 * prepares and decides as the runtime does.
 */
import type { CommitIdentity, Decider, Decision, Outlet } from '../../log/decider.ts'
import { expect, expectEqual } from './expect.ts'

/** Known before a subject is made: which cases there are depends on it. */
export interface DeciderSupport {
  /** What decides: the create-once PUT of the record, or a cluster's transaction. */
  readonly decides: 'log' | 'cluster'
  /** The subject has `loseAnswer`. */
  readonly losesAnswers?: boolean
  /** The subject has `land`, and `loseAnswer` knows 'late'. */
  readonly landsLate?: boolean
  /** Rows that may wait in an outlet until it says full; the subject's rows have a few bytes. */
  readonly fullAtRows?: number
}

export interface VisibleRow {
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
}

export interface DeciderSubject {
  /** A new owner of the task. Those before it are fenced once it is opened. */
  decider(task: string): Decider
  /** Fresh, with at least two partitions; empty where the log decides. */
  readonly topic: string
  /** What readers of decided rows see of a partition now. */
  visible(partition: number): Promise<readonly VisibleRow[]>
  /** The next decision gets no answer: it is carried out all the same, it is lost on the way, or it is late. */
  loseAnswer?(how: 'applied' | 'lost' | 'late'): void
  /** What is late arrives now. */
  land?(): void
  dispose(): Promise<void>
}

/** One owner of a task. */
export class Owner {
  readonly decider: Decider
  readonly head: CommitIdentity | 'by-log' | 'missing'
  readonly #topic: string
  #seq: number

  private constructor(
    decider: Decider,
    topic: string,
    head: CommitIdentity | 'by-log' | 'missing',
  ) {
    this.decider = decider
    this.head = head
    this.#topic = topic
    this.#seq = typeof head === 'string' ? 0 : head.seq
  }

  static async open(subject: DeciderSubject, task = '0'): Promise<Owner> {
    const decider = subject.decider(task)
    const known = await decider.open()
    return new Owner(decider, subject.topic, typeof known === 'string' ? known : known.head)
  }

  get outlet(): Outlet {
    const { outlet } = this.decider
    expect(outlet !== undefined, 'a decider of a cluster has an outlet')
    return outlet
  }

  /** Values are the numbers as text, keys and times follow from them. */
  append(numbers: readonly number[], partition = 0): boolean {
    let roomy = true
    for (const n of numbers) {
      const { key, value, timestamp } = rowOf(n)
      roomy =
        this.outlet.append(this.#topic, partition, bytes(key), bytes(value), timestamp) && roomy
    }
    return roomy
  }

  /** Of what was frozen first and not prepared yet. `id` tells the tries of a seq apart. */
  async prepare(id = 'a'): Promise<CommitIdentity> {
    const commit = { seq: ++this.#seq, id: `${id}${this.#seq}` }
    await this.decider.prepare({ ...commit, positions: new Map([['in:0', String(this.#seq)]]) })
    return commit
  }

  /** Begin to decision, with these rows. */
  async commit(numbers: readonly number[], id?: string): Promise<Decision> {
    await this.decider.begin()
    this.append(numbers)
    this.outlet.freeze()
    await this.prepare(id)
    return await this.decider.decide()
  }
}

export function rowOf(n: number): VisibleRow {
  return { key: `k${n % 3}`, value: String(n), timestamp: 1_700_000_000_000 + n }
}

/** Exactly these numbers, in this order. */
export async function expectVisible(
  subject: DeciderSubject,
  numbers: readonly number[],
  what: string,
  partition = 0,
): Promise<void> {
  const rows = await subject.visible(partition)
  expectEqual(
    rows.map(({ value }) => Number(value)),
    [...numbers],
    what,
  )
}

export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

export function bytes(text: string | null): Uint8Array | null {
  return text === null ? null : new TextEncoder().encode(text)
}
