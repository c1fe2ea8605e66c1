/**
 * AsyncNode: the end of a stage. It hands the row to the queue in front of the next stage and returns: the task never
 * waits. The queue asks the operator, keeps the row until its turn (see AsyncMode), and passes the result on there.
 */
import { isMillraceError } from '../errors.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'

/**
 * `ordered`: a row in flight blocks all younger rows of the next stage, so its results are those of a synchronous node.
 * `perKey`: it blocks younger rows of its key in this node. `unordered`: it blocks nobody. In all modes it holds T.
 */
export type AsyncMode = 'ordered' | 'perKey' | 'unordered'

export interface AsyncCall {
  /** Aborts on timeout and when the task is given up. */
  readonly signal: AbortSignal
  /** 1 for the first try. */
  readonly attempt: number
}

/** Remote work behind a node. It must bear to see a row again: rows in flight at a crash are asked for once more. */
export interface AsyncOperator<in K, in V, out U> {
  /** An answer that needs no waiting (a cache hit), else undefined. Synchronous. */
  ready?(value: V, key: K): U | undefined
  call(value: V, key: K, call: AsyncCall): Promise<U>
}

/** Bounds of an async node, defaults filled in. */
export interface AsyncBounds {
  readonly mode: AsyncMode
  /** Calls at a time; more rows wait and pause the sources. */
  readonly capacity: number
  /** Spans all tries of a row. */
  readonly timeoutMs: number
  readonly attempts: number
  readonly delayMs: number
  readonly delayMsMax: number
  readonly retryIf: ((error: unknown) => boolean) | undefined
  readonly onTimeout: ((value: unknown, key: unknown) => unknown) | undefined
}

/** The queue in front of the next stage, as an async node sees it. */
export interface AsyncQueue {
  submit(from: AsyncNode, key: unknown, value: unknown, row: Row): void
  submitReady(from: AsyncNode, key: unknown, value: unknown, result: unknown, row: Row): void
}

export class AsyncNode implements Processor {
  readonly operator: AsyncOperator<unknown, unknown, unknown>
  readonly bounds: AsyncBounds
  node!: Node
  queue!: AsyncQueue

  constructor(operator: AsyncOperator<unknown, unknown, unknown>, bounds: AsyncBounds) {
    this.operator = operator
    this.bounds = bounds
  }

  open(node: Node): void {
    this.node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const counters = this.node.counters
    counters.taken++
    counters.inFlight++
    let result: unknown
    if (this.operator.ready !== undefined) {
      try {
        result = this.operator.ready(value, key)
      } catch {
        result = undefined // the call itself will say what is wrong
      }
    }
    if (result === undefined) this.queue.submit(this, key, value, row)
    else this.queue.submitReady(this, key, value, result, row)
  }

  /** The row's turn has come in the next stage: its answer goes on, or its error to the policy of this node. */
  deliver(key: unknown, answer: { readonly ok: unknown } | { readonly error: unknown }): void {
    const node = this.node
    node.counters.inFlight--
    if ('error' in answer) {
      node.fail(answer.error)
      return
    }
    node.counters.forwarded++
    node.next.process(key, answer.ok, node.row)
  }

  mayRetry(error: unknown): boolean {
    if (this.bounds.retryIf !== undefined) return this.bounds.retryIf(error)
    return !isMillraceError(error) || error.family === 'retriable'
  }
}
