/**
 * Commits of one task: freeze -> encode -> create once -> decide -> publish. One decision per commit (law 3).
 *
 * Pipelined, not parallel: a second freeze may be encoded while the first record is on the wire, its PUT is issued only after
 * the answer for the one before, so that a gap in the log is always damage. Two frozen deltas are the bound (law 7).
 * `exists` with my own id is my first attempt that won; any other id, and the task is fenced: it makes nothing visible (law 6).
 * Sections are published after the decision, in order per lane; what is published is marked done in the next record.
 */
import type { CommitRecord } from '../checkpoint/record.ts'
import { encodeRecord } from '../checkpoint/record.ts'
import type { ObjectStore } from '../checkpoint/object-store.ts'
import type { TaskHead } from '../checkpoint/chain.ts'
import type { Env } from '../env.ts'
import { MillraceError, messageOf } from '../errors.ts'
import type { Decider } from '../log/decider.ts'
import { createRecord } from './create-record.ts'
import type { StoreDelta as LazyDelta } from '../state/state.ts'
import type { Outbox } from './outbox.ts'
import type { Frozen } from './task.ts'

export interface CommitPlace {
  readonly app: string
  readonly subTopology: string
  readonly task: string
  readonly writer: string
  readonly fingerprint: string
}

const frozenMax = 2
/** Values encoded without a pause: some milliseconds. */
const valuesPerSlice = 2_000

export class Commits {
  readonly #place: CommitPlace
  readonly #store: ObjectStore
  readonly #decider: Decider
  readonly #outbox: Outbox
  readonly #env: Env
  readonly #changed: () => void
  readonly #onDecided: (frozen: Frozen) => void
  #prev: { readonly seq: number; readonly id: string } | null
  /** The last slot of the log that is taken: records that do not count lie behind `#prev` where a cluster decides. */
  #slots: number
  /** Frozen, not decided. The chain ends when it is 0. */
  #undecided = 0
  #chain: Promise<void> = Promise.resolve()
  readonly #stop: AbortController = new AbortController()
  #error: unknown = undefined
  decided = 0

  constructor(options: {
    place: CommitPlace
    store: ObjectStore
    decider: Decider
    outbox: Outbox
    env: Env
    head: Pick<TaskHead, 'head' | 'slots'>
    changed: () => void
    /** In the order of the freezes. */
    onDecided: (frozen: Frozen) => void
  }) {
    this.#place = options.place
    this.#store = options.store
    this.#decider = options.decider
    this.#outbox = options.outbox
    this.#env = options.env
    this.#prev = options.head.head ?? null
    this.#slots = options.head.slots
    this.#changed = options.changed
    this.#onDecided = options.onDecided
  }

  get mayFreeze(): boolean {
    return this.#undecided < frozenMax && this.#error === undefined
  }

  /** Everything frozen is decided. */
  get settled(): boolean {
    return this.#undecided === 0
  }

  /** What stopped the commits of this task for good. */
  get error(): unknown {
    return this.#error ?? this.#outbox.error
  }

  /** Queues the record of a freeze. Comes back at once. */
  submit(frozen: Frozen): void {
    // In the turn of the freeze: rows appended from now on belong to the next commit.
    this.#decider.outlet?.freeze()
    this.#undecided++
    this.#chain = this.#chain
      .then(() => this.#commit(frozen))
      .catch((error: unknown) => {
        this.#error ??= error
      })
      .finally(() => {
        this.#undecided--
        this.#changed()
      })
  }

  /**
   * The last call. A store that fails is not tried for ever any more: whether the record is there, the next owner finds out. What
   * a transaction holds undecided never becomes visible.
   */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#chain
    await this.#decider.close()
  }

  /** Waits until everything that was frozen is decided, or the chain has broken. */
  async drained(): Promise<void> {
    await this.#chain
  }

  async #commit(frozen: Frozen): Promise<void> {
    if (this.#error !== undefined) return
    const seq = this.#slots + 1
    const id = this.#env.id()
    const record: CommitRecord = {
      kind: this.#decider.outlet === undefined ? 'commit' : 'prepared',
      app: this.#place.app,
      subTopology: this.#place.subTopology,
      task: this.#place.task,
      seq,
      id,
      epoch: 0,
      writer: this.#place.writer,
      prev: this.#prev,
      ts: this.#env.clock.now(),
      fingerprint: this.#place.fingerprint,
      positions: frozen.positions,
      watermarks: frozen.watermarks,
      done: this.#outbox.takeDone(),
      deltas: frozen.deltas,
      outbox: frozen.sections,
    }
    await this.#encode(frozen)
    const bytes = await this.#env.offload(() => encodeRecord(record))
    await this.#prepare(record, bytes)
    const decision = await this.#decider.decide()
    if (decision !== 'decided') throw this.#fenced(seq, decision)
    this.#prev = { seq, id }
    this.#slots = seq
    this.decided++
    this.#onDecided(frozen)
    await this.#decider.begin()
    this.#outbox.publish(frozen.sections, seq)
  }

  /** The values of a large delta, a slice at a time: rows go on in between. */
  async #encode({ deltas }: Frozen): Promise<void> {
    for (const delta of deltas as readonly Partial<LazyDelta>[])
      while (delta.encode?.(valuesPerSlice) === true) await this.#env.timers.yield()
  }

  /** Record and transaction, side by side. Neither runs on when the other has failed: nothing of a lost task is under way. */
  async #prepare(record: CommitRecord, bytes: Uint8Array): Promise<void> {
    const { seq, id, positions } = record
    const both = await Promise.allSettled([
      this.#create(record, bytes),
      this.#decider.prepare({ seq, id, positions }),
    ])
    const failed = both.find((one) => one.status === 'rejected')
    if (failed === undefined) return
    await this.#decider.abort().catch((error: unknown) =>
      this.#env.log('warn', `commit ${seq} could not be aborted: ${messageOf(error)}`, {
        ...this.#place,
      }),
    )
    throw failed.reason
  }

  async #create(record: CommitRecord, bytes: Uint8Array): Promise<void> {
    const again = (error: MillraceError, attempt: number): boolean => {
      if (attempt % 10 === 0)
        this.#env.log('warn', `commit ${record.seq} cannot be stored yet: ${error.message}`, {
          ...this.#place,
          attempt,
        })
      return !this.#stop.signal.aborted
    }
    const retry = { again, signal: this.#stop.signal }
    if (!(await createRecord(this.#store, record, this.#env, retry, bytes)))
      throw this.#fenced(record.seq, 'fenced')
  }

  #fenced(seq: number, how: 'fenced' | 'unknown'): MillraceError {
    const { app, subTopology, task } = this.#place
    const at = { app, subTopology, task }
    if (how === 'unknown')
      return new MillraceError(
        'MILLRACE_UNDECIDED',
        `commit ${seq} was left undecided: the cluster gave no answer. The task is opened anew, which tells what became of it`,
        { at },
      )
    return new MillraceError(
      'MILLRACE_FENCED',
      `commit ${seq} was taken by another writer: another process runs app ${app} on the same checkpoint. Nothing of this commit became visible; stop one of the two, or give it another id`,
      { at },
    )
  }
}
