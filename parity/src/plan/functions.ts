/**
 * The functions of a plan: sources of JavaScript arrow functions, which come with the case and are as trusted as the tests beside it.
 * `undefined` as a result means null.
 */
export type PlanFunction = (...args: readonly unknown[]) => unknown

export function compileFunction(source: string, what: string): PlanFunction {
  let made: unknown
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- a plan's functions are sources; they come with the repository's own cases
    made = new Function(`'use strict'; return (${source})`)()
  } catch (error) {
    throw new Error(`${what}: ${source} is no function: ${(error as Error).message}`, {
      cause: error,
    })
  }
  if (typeof made !== 'function') throw new Error(`${what}: ${source} is no function`)
  const fn = made as PlanFunction
  return (...args) => {
    const result = fn(...args)
    return result === undefined ? null : result
  }
}
