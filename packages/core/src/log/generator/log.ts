/** The generators of an app as one log: splits are numbered, nothing can be made or purged. */
import type { Env } from '../../env.ts'
import { MillraceError } from '../../errors.ts'
import { answer } from '../answer.ts'
import { LocalMembership } from '../local-membership.ts'
import type { Log } from '../log.ts'
import type { LogAdmin, Membership } from '../membership.ts'
import type { Position, Split } from '../position.ts'
import type { SourcePort } from '../source-port.ts'
import type { Source } from '../source.ts'
import { GeneratorPort, splitEnd } from './port.ts'
import type { GeneratorPlan } from './spec.ts'

export class GeneratorLog implements Log {
  readonly admin: LogAdmin
  readonly #env: Env
  readonly #plans = new Map<string, GeneratorPlan>()

  constructor(env: Env, sources: readonly Source<unknown, unknown>[]) {
    this.#env = env
    for (const source of sources) {
      const { plan } = source as { plan?: GeneratorPlan }
      if (plan !== undefined) this.#plans.set(source.topic, plan)
    }
    this.admin = {
      ensure: (topic, partitions) => answer(() => this.#ensure(topic, partitions)),
      splits: (topic) => answer(() => this.#splits(topic)),
      ends: (topic) => answer(() => this.#ends(topic)),
      purge: (split) =>
        Promise.reject(
          new MillraceError('MILLRACE_CONFIG', `${split} is generated: there is nothing to purge`),
        ),
    }
  }

  membership(): Membership {
    return new LocalMembership(this.admin)
  }

  source(topic: string): SourcePort {
    return new GeneratorPort(this.#env, this.#plan(topic))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #ensure(topic: string, partitions: number): void {
    const { splits } = this.#plan(topic)
    if (splits === partitions) return
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `generator '${topic}' has ${splits} splits, ${partitions} were asked for: set its \`splits\` to ${partitions}`,
    )
  }

  #splits(topic: string): readonly Split[] {
    const { splits } = this.#plan(topic)
    return Array.from({ length: splits }, (_, partition) => ({
      id: `${topic}:${partition}`,
      topic,
      partition,
    }))
  }

  #ends(topic: string): ReadonlyMap<string, Position> {
    const plan = this.#plan(topic)
    return new Map(
      this.#splits(topic).map(({ id, partition }) => [id, String(splitEnd(plan, partition))]),
    )
  }

  #plan(topic: string): GeneratorPlan {
    const plan = this.#plans.get(topic)
    if (plan !== undefined) return plan
    const known = [...this.#plans.keys()].map((name) => `'${name}'`).join(', ')
    throw new MillraceError(
      'MILLRACE_UNKNOWN_TOPIC',
      `there is no generator '${topic}': the app has ${known === '' ? 'none' : known}`,
    )
  }
}
