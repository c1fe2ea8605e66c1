/**
 * Appends of one database. One LevelDB write is on its way at a time; what arrives meanwhile goes
 * together into the next one, so offsets of a partition are contiguous, small appends share a
 * write, and neighbouring runs of a partition share a value. An append is acknowledged, visible and
 * announced after its write, never before.
 *
 * With `producer` and `seq` an append is idempotent: the mark is part of the same write. A repeat
 * of the newest seq is answered with its outcome, an older one with no parts; nothing is written.
 *
 * Queued appends are bounded by their callers, who wait for the answer (a sink publishes one
 * section per lane at a time). After a failed write its effect is unknown, so all later appends are
 * refused until the log is opened anew.
 */
import { MillraceError, messageOf } from '../../errors.ts'
import { encodeBatch, trustedBatch, type StoredBatch } from './batch.ts'
import { fromLevel, logClosed } from './damage.ts'
import { anyPartition, batchKey, encodeOffset, endKey, producerKey } from './keys.ts'
import type { LevelHandle } from './open-level.ts'
import { splitRun, type RecordRun } from './records.ts'
import type { PartitionState } from './topics.ts'

export interface AppendOptions {
  readonly producer?: string
  readonly seq?: number
  /** Waits for the disk: survives a power loss, not only the death of the process. */
  readonly durable?: boolean
}

/** Where records of an append stand: offsets `first` to `last` of a partition. */
export interface AppendedPart {
  readonly partition: number
  readonly first: number
  readonly last: number
}

export interface AppendOutcome {
  /** True: the producer had appended this seq before, nothing was written now. */
  readonly repeated: boolean
  readonly parts: readonly AppendedPart[]
}

export interface AppendPart {
  readonly state: PartitionState
  readonly run: RecordRun
}

interface Request {
  readonly topic: string
  /** The partition the caller chose, or `anyPartition`. */
  readonly partition: number
  readonly parts: readonly AppendPart[]
  readonly options: AppendOptions
  readonly bytes: number
  resolve(outcome: AppendOutcome): void
  reject(error: unknown): void
}

interface ProducerMark {
  readonly seq: number
  readonly parts: readonly AppendedPart[]
}

type Op = { type: 'put'; key: Buffer; value: Buffer }

/** Bounds of one LevelDB write, and the size up to which runs of a partition share a value. */
const groupRequestsMax = 1_000
const groupBytesMax = 8 * 1024 * 1024
const valueBytes = 128 * 1024

export class Appends {
  readonly #level: LevelHandle
  #queue: Request[] = []
  #writing: Promise<void> | undefined
  #refused: unknown

  constructor(level: LevelHandle) {
    this.#level = level
  }

  append(
    topic: string,
    partition: number | undefined,
    parts: readonly AppendPart[],
    options: AppendOptions,
  ): Promise<AppendOutcome> {
    if (this.#refused !== undefined) return Promise.reject(this.#refused as Error)
    let bytes = 0
    for (const part of parts) bytes += part.run.bytes.length
    return new Promise((resolve, reject) => {
      this.#queue.push({
        topic,
        partition: partition ?? anyPartition,
        parts,
        options,
        bytes,
        resolve,
        reject,
      })
      this.#writing ??= this.#write()
    })
  }

  /** Refuses further appends and waits for those that were taken. */
  async close(): Promise<void> {
    this.#refused ??= logClosed(this.#level.location)
    await this.#writing
  }

  async #write(): Promise<void> {
    await Promise.resolve() // appends of this turn belong together
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#writeGroup(group)
      } catch (error) {
        const cause = fromLevel(this.#level.location, error)
        this.#refused ??= new MillraceError(
          'MILLRACE_LOG_CLOSED',
          `a write to the embedded log in ${this.#level.location} failed (${messageOf(cause)}), so it takes no more appends: restart the app`,
          { cause },
        )
        for (const request of [...group, ...this.#queue]) request.reject(this.#refused)
        this.#queue = []
      }
    }
    this.#writing = undefined
  }

  #takeGroup(): readonly Request[] {
    let bytes = 0
    let count = 0
    while (
      count < this.#queue.length &&
      count < groupRequestsMax &&
      (count === 0 || bytes + this.#queue[count]!.bytes <= groupBytesMax)
    ) {
      bytes += this.#queue[count++]!.bytes
    }
    return this.#queue.splice(0, count)
  }

  async #writeGroup(group: readonly Request[]): Promise<void> {
    const plan = new GroupPlan((key) => this.#level.getSync(key))
    const outcomes = group.map((request) => plan.add(request))
    const ops = plan.ops()
    if (ops.length > 0)
      await this.#level.batch(ops, {
        sync: group.some((request) => request.options.durable === true),
      })
    plan.apply()
    for (let i = 0; i < group.length; i++) group[i]!.resolve(outcomes[i]!)
  }
}

/** Decides offsets and repeats of one group; the write in between is the caller's. */
class GroupPlan {
  readonly #stored: (key: Buffer) => Buffer | undefined
  readonly #runs = new Map<PartitionState, RecordRun[]>()
  readonly #ends = new Map<PartitionState, number>()
  readonly #marks = new Map<string, { key: Buffer; mark: ProducerMark }>()
  readonly #batches: { state: PartitionState; batch: StoredBatch }[] = []

  constructor(stored: (key: Buffer) => Buffer | undefined) {
    this.#stored = stored
  }

  add(request: Request): AppendOutcome {
    const { producer, seq } = request.options
    if (producer === undefined || seq === undefined)
      return { repeated: false, parts: this.#place(request.parts) }
    const key = producerKey(producer, request.topic, request.partition)
    const id = key.toString('latin1')
    const before = this.#marks.get(id)?.mark ?? parseMark(this.#stored(key))
    if (before !== undefined && seq <= before.seq)
      return { repeated: true, parts: seq === before.seq ? before.parts : [] }
    const parts = this.#place(request.parts)
    this.#marks.set(id, { key, mark: { seq, parts } })
    return { repeated: false, parts }
  }

  ops(): Op[] {
    const ops: Op[] = []
    for (const [state, runs] of this.#runs) {
      let base = state.end
      for (const shared of packRuns(runs)) {
        const value = encodeBatch(base, shared)
        const batch = trustedBatch(value)
        base += batch.count
        ops.push({ type: 'put', key: batchKey(state.topic, state.partition, base - 1), value })
        this.#batches.push({ state, batch })
      }
      ops.push({
        type: 'put',
        key: endKey(state.topic, state.partition),
        value: encodeOffset(base),
      })
    }
    for (const { key, mark } of this.#marks.values())
      ops.push({ type: 'put', key, value: Buffer.from(JSON.stringify(mark)) })
    return ops
  }

  apply(): void {
    for (const { state, batch } of this.#batches) {
      state.end = batch.base + batch.count
      for (const listener of state.listeners) listener.appended(batch)
    }
  }

  #place(parts: readonly AppendPart[]): AppendedPart[] {
    const placed: AppendedPart[] = []
    for (const { state, run } of parts) {
      if (run.count === 0) continue
      const first = this.#ends.get(state) ?? state.end
      const runs = this.#runs.get(state)
      if (runs === undefined) this.#runs.set(state, [run])
      else runs.push(run)
      this.#ends.set(state, first + run.count)
      placed.push({ partition: state.partition, first, last: first + run.count - 1 })
    }
    return placed
  }
}

/** Neighbouring small runs share a value, large ones are cut: a value has about `valueBytes`. */
function packRuns(runs: readonly RecordRun[]): readonly (readonly RecordRun[])[] {
  const packed: RecordRun[][] = []
  let open: RecordRun[] = []
  let bytes = 0
  for (const run of runs) {
    for (const part of splitRun(run, valueBytes)) {
      if (open.length > 0 && bytes + part.bytes.length > valueBytes) {
        packed.push(open)
        open = []
        bytes = 0
      }
      open.push(part)
      bytes += part.bytes.length
    }
  }
  if (open.length > 0) packed.push(open)
  return packed
}

function parseMark(value: Buffer | undefined): ProducerMark | undefined {
  return value === undefined ? undefined : (JSON.parse(value.toString()) as ProducerMark)
}
