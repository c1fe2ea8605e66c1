import { expect } from 'chai'
import { Lifecycle, legalMoves } from '../../src/runtime/lifecycle.ts'
import type { AppState } from '../../src/runtime/lifecycle.ts'

const states = Object.keys(legalMoves) as AppState[]

/** A way from CREATED to each state. */
const ways: Readonly<Record<AppState, readonly AppState[]>> = {
  CREATED: [],
  REBALANCING: ['REBALANCING'],
  RUNNING: ['REBALANCING', 'RUNNING'],
  PENDING_SHUTDOWN: ['PENDING_SHUTDOWN'],
  NOT_RUNNING: ['PENDING_SHUTDOWN', 'NOT_RUNNING'],
  PENDING_ERROR: ['REBALANCING', 'PENDING_ERROR'],
  ERROR: ['REBALANCING', 'PENDING_ERROR', 'ERROR'],
}

function lifecycleIn(state: AppState): Lifecycle {
  const lifecycle = new Lifecycle()
  for (const step of ways[state]) lifecycle.to(step)
  return lifecycle
}

describe('the state of an app', () => {
  for (const from of states) {
    for (const to of states) {
      const legal = legalMoves[from].includes(to)
      it(`${legal ? 'may' : 'may not'} go from ${from} to ${to}`, () => {
        const lifecycle = lifecycleIn(from)
        const seen: string[] = []
        lifecycle.onChange((now, before) => seen.push(`${before}>${now}`))
        if (legal) {
          lifecycle.to(to)
          expect(lifecycle.state).equal(to)
          expect(seen).deep.equal([`${from}>${to}`])
        } else {
          expect(() => lifecycle.to(to)).throws(`an app cannot go from ${from} to ${to}`)
          expect(lifecycle.state).equal(from)
          expect(seen).deep.equal([])
        }
      })
    }
  }
})
