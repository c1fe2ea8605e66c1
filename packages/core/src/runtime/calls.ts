/**
 * Calls: the asynchronous work of a task, bounded per node (law 7): at most `capacity` calls at a time, the rest waits in
 * order. It decides on retries with exponential back-off and full jitter, and on timeouts, which span all tries of a row.
 * A timed-out call frees its place at once; its late answer is ignored.
 */
import { MillraceError } from '../errors.ts'
import type { AsyncNode } from '../processors/async-node.ts'
import type { CallResult, Effect } from './effects.ts'

/** A row that waits for an answer. Its owner reads `answer`. */
export interface Pending {
  readonly from: AsyncNode
  readonly key: unknown
  readonly value: unknown
  answer: CallResult | undefined
}

interface Active {
  readonly row: Pending
  attempt: number
  /** Undefined while it waits for its next try. */
  id: number | undefined
  retryAt: number
  deadline: number
}

export class Calls {
  readonly effects: Effect[] = []
  /** Rows answered so far: whoever waits for answers looks again when this has moved. */
  answers = 0
  readonly #random: () => number
  readonly #active: Set<Active> = new Set()
  readonly #byId: Map<number, Active> = new Map()
  readonly #running: Map<AsyncNode, number> = new Map()
  readonly #waiting: Map<AsyncNode, Pending[]> = new Map()
  /** Nodes with as many calls as they may have. */
  #atCapacity = 0
  #lastId = 0
  /** Undefined until the first tick: rows restored before it get their time then. */
  #monotonic: number | undefined = undefined

  constructor(random: () => number) {
    this.#random = random
  }

  get size(): number {
    return this.#active.size
  }

  /** True when a further row of some node would have to wait for a place. */
  get full(): boolean {
    return this.#atCapacity > 0
  }

  start(row: Pending): void {
    const running = this.#running.get(row.from) ?? 0
    if (running >= row.from.bounds.capacity) {
      const queue = this.#waiting.get(row.from)
      if (queue === undefined) this.#waiting.set(row.from, [row])
      else queue.push(row)
      return
    }
    this.#running.set(row.from, running + 1)
    if (running + 1 === row.from.bounds.capacity) this.#atCapacity++
    const active: Active = {
      row,
      attempt: 0,
      id: undefined,
      retryAt: 0,
      deadline: (this.#monotonic ?? 0) + row.from.bounds.timeoutMs,
    }
    this.#active.add(active)
    this.#issue(active)
  }

  /** An answer has come. False if nobody waits for it any more. */
  complete(id: number, result: CallResult): boolean {
    const active = this.#byId.get(id)
    if (active === undefined) return false
    this.#byId.delete(id)
    active.id = undefined
    const { from } = active.row
    if ('error' in result && active.attempt < from.bounds.attempts && from.mayRetry(result.error)) {
      from.node.counters.retried++
      const ceiling = Math.min(
        from.bounds.delayMsMax,
        from.bounds.delayMs * 2 ** (active.attempt - 1),
      )
      active.retryAt = (this.#monotonic ?? 0) + ceiling * this.#random()
      return true
    }
    this.#finish(active, result)
    return true
  }

  /** Monotonic time has come to `now`: what is due is retried or given up. */
  tick(now: number): void {
    if (this.#monotonic === undefined) for (const active of this.#active) active.deadline += now
    this.#monotonic = now
    for (const active of this.#active) {
      if (active.deadline <= now) this.#timeOut(active)
      else if (active.id === undefined && active.retryAt <= now) this.#issue(active)
    }
  }

  /** When `tick` is next of use. */
  get nextDue(): number | undefined {
    let due = Infinity
    for (const active of this.#active)
      due = Math.min(due, active.deadline, active.id === undefined ? active.retryAt : Infinity)
    return due === Infinity ? undefined : due
  }

  #issue(active: Active): void {
    const id = ++this.#lastId
    active.id = id
    active.attempt++
    this.#byId.set(id, active)
    const { from, key, value } = active.row
    this.effects.push({
      kind: 'call',
      id,
      node: from.node.name,
      operator: from.operator,
      key,
      value,
      attempt: active.attempt,
    })
  }

  #timeOut(active: Active): void {
    const { from, key, value } = active.row
    from.node.counters.timedOut++
    if (active.id !== undefined) {
      this.#byId.delete(active.id)
      this.effects.push({ kind: 'cancel', id: active.id })
    }
    const { onTimeout, timeoutMs } = from.bounds
    if (onTimeout !== undefined) {
      try {
        this.#finish(active, { ok: onTimeout(value, key) })
      } catch (error) {
        this.#finish(active, { error })
      }
      return
    }
    this.#finish(active, {
      error: new MillraceError(
        'MILLRACE_ASYNC_TIMEOUT',
        `no answer within ${timeoutMs} ms, ${active.attempt} ${active.attempt === 1 ? 'try' : 'tries'}: raise { timeout }, or give { onTimeout }`,
        { at: { node: from.node.name } },
      ),
    })
  }

  #finish(active: Active, result: CallResult): void {
    const { from } = active.row
    active.row.answer = result
    this.answers++
    this.#active.delete(active)
    const running = this.#running.get(from)!
    this.#running.set(from, running - 1)
    if (running === from.bounds.capacity) this.#atCapacity--
    const next = this.#waiting.get(from)?.shift()
    if (next !== undefined) this.start(next)
  }
}
