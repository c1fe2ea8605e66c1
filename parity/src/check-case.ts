/** One case from its plan to a verdict. Whatever it throws is its own failure and ends no run. */
import type { Case } from './case.ts'
import { errorText, firstDifference } from './compare.ts'
import { textDifference } from './describe/compare-text.ts'
import { kafkaText } from './describe/kafka-text.ts'
import { build } from './plan/build.ts'
import { allowedIn, notIn } from './run/modes.ts'
import type { Mode } from './run/modes.ts'
import { runCase } from './run/run-case.ts'
import type { Stores } from './run/stores.ts'

export type Verdict =
  { readonly kind: 'passed' } | { readonly kind: 'failed' | 'skipped'; readonly because: string }

export async function checkCase(test: Case, mode: Mode, stores: Stores): Promise<Verdict> {
  try {
    const program = build(test.plan)
    const topology = program.app.topology()
    if (test.describe !== undefined)
      return verdict(textDifference(test.describe, kafkaText(topology)))
    if (test.inputs === undefined) return { kind: 'failed', because: 'the case has no inputs' }
    const because = notIn(mode, test, topology)
    if (because !== undefined) return { kind: 'skipped', because }
    const allowed = allowedIn(mode, topology)
    return verdict(firstDifference(test, await runCase(test, program, allowed, stores)))
  } catch (error) {
    return { kind: 'failed', because: errorText(error) }
  }
}

function verdict(difference: string | undefined): Verdict {
  return difference === undefined ? { kind: 'passed' } : { kind: 'failed', because: difference }
}
