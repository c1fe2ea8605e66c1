// Leaving a test out, always with a reason. The reporter lists each skipped test under its reason, so
// a machine without Kafka or Docker says what it did not check. Works in a test and in every hook.

type Reasoned = { because?: string }

/** Skips the running test; from a `before` hook, its whole suite. `reason` completes "skipped because ...". */
export function skipBecause(context: Mocha.Context, reason: string): never {
  const runnable = context.test
  const wholeSuite = runnable?.title.startsWith('"before all"') ?? false
  const owner = wholeSuite ? runnable?.parent : (context.currentTest ?? runnable)
  if (owner !== undefined) (owner as Reasoned).because = reason
  return context.skip() // because of the reason above
}
