/**
 * Claim: which record is the head of a task, and that the task is mine. Where the log decides, its tail is the head. Where a
 * cluster decides, in this order: open the decider, which fences every older owner and tells what was decided last; read
 * the log; put a fence into its first free slot, so that no older owner can put a record there any more; restore what leads
 * to the head. A log without a name in the cluster gets one by a transaction, before anything is prepared: from then on a
 * missing name always means loss.
 */
import { foldChainTo } from '../checkpoint/chain.ts'
import type { TaskHead } from '../checkpoint/chain.ts'
import type { ObjectStore } from '../checkpoint/object-store.ts'
import { chooseHead } from '../checkpoint/protocol/choose-head.ts'
import type { CommitKind, CommitRecord } from '../checkpoint/record.ts'
import type { Env } from '../env.ts'
import { MillraceError } from '../errors.ts'
import type { CommitIdentity, Decider } from '../log/decider.ts'
import type { CommitPlace } from './commit.ts'
import { createRecord } from './create-record.ts'
import { readLog, restore } from './restore.ts'
import type { TaskLog } from './restore.ts'

/** Openings of the decider before the claim is given up: each fences whoever has opened meanwhile. */
const opensMax = 5
/** Tries of one record against a store that fails. */
const triesMax = 10

export async function claim(
  decider: Decider,
  store: ObjectStore,
  place: CommitPlace,
  env: Env,
): Promise<TaskHead> {
  try {
    return await open(decider, store, place, env)
  } catch (error) {
    await decider.close().catch(() => {})
    throw error
  }
}

async function open(
  decider: Decider,
  store: ObjectStore,
  place: CommitPlace,
  env: Env,
): Promise<TaskHead> {
  let why = ''
  for (let opens = 0; opens < opensMax; opens++) {
    const known = await decider.open()
    if (known === 'by-log') return await restore(store, place)
    const outcome = await new Claim(decider, store, place, env).take(known)
    if (typeof outcome !== 'string') return outcome
    why = outcome
    env.log('warn', `the task is opened anew: ${why}`, { ...place })
  }
  throw new MillraceError(
    'MILLRACE_FENCED',
    `the task could not be claimed in ${opensMax} tries: ${why}. Another process may run app ${place.app} on the same checkpoint: stop one of the two, or give it another id`,
    { at: at(place) },
  )
}

class Claim {
  readonly #decider: Decider
  readonly #store: ObjectStore
  readonly #place: CommitPlace
  readonly #env: Env

  constructor(decider: Decider, store: ObjectStore, place: CommitPlace, env: Env) {
    this.#decider = decider
    this.#store = store
    this.#place = place
    this.#env = env
  }

  /** The head; or why the decider has to be opened once more. */
  async take(known: { readonly head: CommitIdentity } | 'missing'): Promise<TaskHead | string> {
    for (;;) {
      const log = await readLog(this.#store, this.#place)
      const plan = chooseHead(log.records, known)
      switch (plan.kind) {
        case 'stale':
          return plan.because
        case 'refuse':
          throw new MillraceError('MILLRACE_RECORD_DAMAGED', plan.because, { at: at(this.#place) })
        case 'new':
          await this.#put(log, 'start', null)
          continue
        case 'named':
        case 'unnamed': {
          if (plan.kind === 'unnamed' && plan.lost)
            this.#env.log('warn', 'the cluster has lost the metadata of this task, nothing else', {
              ...this.#place,
              seq: plan.head.seq,
            })
          const fence = await this.#put(log, 'fence', plan.head)
          if (fence === undefined) continue // somebody's record: it is judged as well
          const seqs = [...log.seqs, fence.seq]
          const head = foldChainTo(plan.head, [...log.records, fence], seqs, at(this.#place))
          return plan.kind === 'named' ? head : await this.#name(plan.head, head)
        }
      }
    }
  }

  /** A transaction without rows. */
  async #name(commit: CommitIdentity, head: TaskHead): Promise<TaskHead | string> {
    await this.#decider.begin()
    this.#decider.outlet?.freeze()
    await this.#decider.prepare({ ...commit, positions: head.positions })
    const decision = await this.#decider.decide()
    return decision === 'decided' ? head : `the first transaction was ${decision}`
  }

  /** Undefined when the slot is taken. */
  async #put(
    log: TaskLog,
    kind: CommitKind,
    prev: CommitIdentity | null,
  ): Promise<CommitRecord | undefined> {
    const seq = (log.seqs.at(-1) ?? 0) + 1
    const record: CommitRecord = {
      ...this.#place,
      kind,
      seq,
      id: this.#env.id(),
      epoch: 1 + Math.max(0, ...log.records.map(({ epoch }) => epoch)),
      prev,
      ts: this.#env.clock.now(),
      positions: new Map(),
      watermarks: new Map(),
      done: [],
      deltas: [],
      outbox: [],
    }
    const again = (_error: MillraceError, attempt: number): boolean => attempt < triesMax
    return (await createRecord(this.#store, record, this.#env, { again })) ? record : undefined
  }
}

function at({ app, subTopology, task }: CommitPlace): {
  readonly app: string
  readonly subTopology: string
  readonly task: string
} {
  return { app, subTopology, task }
}
