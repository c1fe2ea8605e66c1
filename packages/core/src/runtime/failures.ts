/**
 * Failures: what becomes of a row whose node threw. `fail` throws the task's failure, which names node, split and position:
 * the driver then drops what is undecided, replays up to that row, commits, and stops the task. `skip` and a dead letter
 * let the stream go on; both are counted, and nothing of the row is lost: its source bytes ride in the dead letter.
 */
import { MillraceError, isMillraceError, messageOf } from '../errors.ts'
import type { LogFn } from '../env.ts'
import type { FailureHandler, Node } from '../processors/node.ts'
import type { Row } from '../processors/row.ts'
import type { Receiver } from '../processors/processor.ts'
import type { Rejected } from '../topology/graph-node.ts'

export type Policy = 'fail' | 'skip' | { readonly deadLetter: Receiver }

/** Thrown through a task: it is of no use afterwards. */
export class TaskFailure extends MillraceError {
  readonly inPrefix: boolean
  constructor(
    message: string,
    more: ConstructorParameters<typeof MillraceError>[2],
    inPrefix: boolean,
  ) {
    super('MILLRACE_NODE_FAILED', message, more)
    this.inPrefix = inPrefix
  }
}

export class Failures implements FailureHandler {
  readonly #place: { readonly app: string; readonly task: string }
  readonly #log: LogFn
  readonly #policies: Map<Node, Policy> = new Map()
  readonly #prefix: Set<Node> = new Set()
  readonly #logged: Map<string, number> = new Map()
  #letterOfPrefix = false

  constructor(place: { readonly app: string; readonly task: string }, log: LogFn) {
    this.#place = place
    this.#log = log
  }

  setPolicy(node: Node, policy: Policy, inPrefix: boolean): void {
    this.#policies.set(node, policy)
    node.survivesErrors = policy !== 'fail'
    if (inPrefix) this.#prefix.add(node)
  }

  failed(node: Node, error: unknown, row: Row): void {
    const policy = this.#policies.get(node) ?? 'fail'
    if (policy === 'fail') throw this.#failure(node, error, row)
    if (policy === 'skip') {
      node.drop('error')
      this.#report('skipped', node, error, row)
      return
    }
    this.#deadLetter(policy.deadLetter, node, error, row)
  }

  rejected(node: Node, error: unknown, reason: string, row: Row): void {
    const policy = this.#policies.get(node) ?? 'fail'
    if (typeof policy === 'object') {
      this.#deadLetter(policy.deadLetter, node, error, row)
      return
    }
    node.drop(reason)
    this.#report('dropped', node, error, row)
  }

  #deadLetter(sink: Receiver, node: Node, error: unknown, row: Row): void {
    const { origin } = row
    const rejected: Rejected = {
      error: messageOf(error),
      code: isMillraceError(error) ? error.code : 'MILLRACE_NODE_FAILED',
      node: node.name,
      task: this.#place.task,
      time: Number.isFinite(row.time) ? row.time : undefined,
      key: keyText(origin?.keyBytes()),
      source: origin?.source,
      split: origin?.split,
      position: origin?.position,
      bytes: origin?.bytes(),
    }
    node.counters.deadLettered++
    node.counters.note(rejected.code)
    // A letter that cannot be written fails where its row stands: replay must stop before the prefix writes it again.
    this.#letterOfPrefix = this.#prefix.has(node)
    sink.process(rejected.key, rejected, row)
    this.#letterOfPrefix = false
    this.#report('dead-lettered', node, error, row)
  }

  #failure(node: Node, error: unknown, row: Row): TaskFailure {
    const { origin } = row
    const at = {
      ...this.#place,
      node: node.name,
      ...(origin === undefined ? {} : { split: origin.split, position: origin.position }),
    }
    return new TaskFailure(
      `${messageOf(error)}. The task stops before this row: fix the function or the row, or give the node { onError: 'skip' } or a dead-letter sink`,
      { at, cause: error },
      this.#letterOfPrefix || this.#prefix.has(node),
    )
  }

  /** A line for the first row of a kind and then for each power of ten: a poisoned stream must not flood the log. */
  #report(what: string, node: Node, error: unknown, row: Row): void {
    const kind = `${node.name} ${what}`
    const count = (this.#logged.get(kind) ?? 0) + 1
    this.#logged.set(kind, count)
    if (!/^10*$/.test(String(count))) return
    this.#log('warn', `row ${what}: ${messageOf(error)}`, {
      ...this.#place,
      node: node.name,
      split: row.origin?.split,
      position: row.origin?.position,
      count,
    })
  }
}

function keyText(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null
  return new TextDecoder().decode(bytes)
}
