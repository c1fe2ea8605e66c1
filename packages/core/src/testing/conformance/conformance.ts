/**
 * The shape of every exported suite: a function that takes a maker of what is tested and returns
 * cases. Nothing here knows a test runner, so an implementer of a port uses the one he has:
 *
 *   for (const c of objectStoreSuite(make)) it(c.title, c.run)
 *
 * A case makes what it needs, fails by throwing, and disposes of it in either case; cases share
 * nothing, so they may run in any order, alone, or at once.
 */
export interface ConformanceCase {
  /** A sentence of behaviour. */
  readonly title: string
  /**
   * Bound: may be handed to a runner as it is. Takes no argument, so no runner waits for a
   * callback.
   */
  readonly run: () => Promise<void>
}

export interface Disposable {
  dispose(): Promise<void>
}

export type CaseOf<S> = (title: string, body: (subject: S) => Promise<void>) => ConformanceCase

/** Cases over a fresh subject each. An error of `dispose` never hides the one of the case. */
export function casesOver<S extends Disposable>(make: () => Promise<S>): CaseOf<S> {
  return (title, body) => Object.freeze({ title, run: () => runCase(make, body) })
}

async function runCase<S extends Disposable>(
  make: () => Promise<S>,
  body: (subject: S) => Promise<void>,
): Promise<void> {
  const subject = await make()
  try {
    await body(subject)
  } catch (error) {
    await subject.dispose().catch(() => {})
    throw error
  }
  await subject.dispose()
}
