/**
 * Effects: what a task wants its driver to do, as data. The task is synchronous and never awaits; the worker's loop, the
 * test driver and the simulation carry effects out and report back through `complete` and `tick`.
 */
import type { AsyncOperator } from '../processors/async-node.ts'

export type Effect =
  /** Call the operator and report its outcome with `complete(id, ...)`, whenever it comes. */
  | {
      readonly kind: 'call'
      readonly id: number
      readonly node: string
      readonly operator: AsyncOperator<unknown, unknown, unknown>
      readonly key: unknown
      readonly value: unknown
      readonly attempt: number
    }
  /** The call's answer is of no use any more: abort it. A late `complete` is ignored. */
  | { readonly kind: 'cancel'; readonly id: number }

export type CallResult = { readonly ok: unknown } | { readonly error: unknown }
