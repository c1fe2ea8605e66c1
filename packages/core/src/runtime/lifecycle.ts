/** The states of an app, by Kafka Streams' names, and the legal moves between them. Any other move is a bug. */
import { MillraceError } from '../errors.ts'

export type AppState =
  | 'CREATED'
  | 'REBALANCING'
  | 'RUNNING'
  | 'PENDING_SHUTDOWN'
  | 'NOT_RUNNING'
  | 'PENDING_ERROR'
  | 'ERROR'

export const legalMoves: Readonly<Record<AppState, readonly AppState[]>> = Object.freeze({
  CREATED: ['REBALANCING', 'PENDING_SHUTDOWN'],
  REBALANCING: ['RUNNING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  RUNNING: ['REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  PENDING_SHUTDOWN: ['NOT_RUNNING'],
  NOT_RUNNING: [],
  PENDING_ERROR: ['ERROR'],
  ERROR: [],
})

export class Lifecycle {
  #state: AppState = 'CREATED'
  readonly #listeners: ((state: AppState, from: AppState) => void)[] = []

  get state(): AppState {
    return this.#state
  }

  onChange(listener: (state: AppState, from: AppState) => void): void {
    this.#listeners.push(listener)
  }

  to(state: AppState): void {
    const from = this.#state
    if (!legalMoves[from].includes(state)) {
      throw new MillraceError(
        'MILLRACE_LIFECYCLE',
        `an app cannot go from ${from} to ${state}${from === 'NOT_RUNNING' || from === 'ERROR' ? ': create a new one' : ''}`,
      )
    }
    this.#state = state
    for (const listener of this.#listeners) listener(state, from)
  }
}
