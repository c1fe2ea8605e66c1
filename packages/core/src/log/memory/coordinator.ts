/**
 * The broker's side of transactions in a memory log, as lax as a real one. One transactional id per task, with an epoch that
 * each `init` raises: whoever has an older one is fenced.
 *
 * - Rows of an open transaction lie in the log, and readers stop in front of the first of them. A commit or an abort leaves
 *   a marker behind in each split it wrote to: an offset that no reader sees.
 * - An end is judged by its epoch alone. A copy of an end that arrives late commits whatever is open under that epoch.
 * - An append without a begun transaction joins the one decided last: visible at once. Owners must not send one.
 * - 'fenced' says nothing about what happened to the transaction.
 */
import type { CommitIdentity } from '../decider.ts'
import type { Position } from '../position.ts'
import { appendOpen, settle } from './split.ts'
import type { MemoryRow, MemorySplit } from './split.ts'

/** What is stored with the offsets of a transaction. */
export interface Committed extends CommitIdentity {
  readonly positions: ReadonlyMap<string, Position>
}

interface Transaction {
  readonly rows: { readonly split: MemorySplit; readonly offset: number }[]
  offsets: Committed | undefined
}

interface Owner {
  epoch: number
  open: Transaction | undefined
  committed: Committed | undefined
}

export type Answer = 'ok' | 'fenced' | 'nothing open'

export class Coordinator {
  readonly #owners = new Map<string, Owner>()
  readonly #announce: () => void

  constructor(announce: () => void) {
    this.#announce = announce
  }

  /** Fences every older epoch and aborts what it left open. */
  init(id: string): number {
    const owner = this.#ownerOf(id)
    this.#settle(owner, false)
    return ++owner.epoch
  }

  /** The metadata of the offsets committed last. */
  committed(id: string): Committed | undefined {
    return this.#ownerOf(id).committed
  }

  begin(id: string, epoch: number): Answer {
    const owner = this.#ownerOf(id)
    if (owner.epoch !== epoch) return 'fenced'
    owner.open ??= { rows: [], offsets: undefined }
    return 'ok'
  }

  append(id: string, epoch: number, split: MemorySplit, row: MemoryRow): Answer {
    const owner = this.#ownerOf(id)
    if (owner.epoch !== epoch) return 'fenced'
    const offset = appendOpen(split, row)
    if (owner.open === undefined) settle([{ split, offset }], true)
    else owner.open.rows.push({ split, offset })
    this.#announce()
    return 'ok'
  }

  offsets(id: string, epoch: number, offsets: Committed): Answer {
    const owner = this.#ownerOf(id)
    if (owner.epoch !== epoch) return 'fenced'
    if (owner.open === undefined) return 'nothing open'
    owner.open.offsets = offsets
    return 'ok'
  }

  end(id: string, epoch: number, commit: boolean): Answer {
    const owner = this.#ownerOf(id)
    if (owner.epoch !== epoch) return 'fenced'
    if (owner.open === undefined) return 'nothing open'
    this.#settle(owner, commit)
    return 'ok'
  }

  #settle(owner: Owner, commit: boolean): void {
    const { open } = owner
    owner.open = undefined
    if (open === undefined) return
    if (commit) owner.committed = open.offsets ?? owner.committed
    settle(open.rows, commit)
    this.#announce()
  }

  #ownerOf(id: string): Owner {
    const known = this.#owners.get(id)
    if (known !== undefined) return known
    const owner: Owner = { epoch: 0, open: undefined, committed: undefined }
    this.#owners.set(id, owner)
    return owner
  }
}
