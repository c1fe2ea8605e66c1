/** The files of an app as one log: a file is a topic of one split, its path the topic's name. */
import { stat } from 'node:fs/promises'
import { MillraceError, messageOf } from '../../errors.ts'
import { LocalMembership } from '../local-membership.ts'
import type { Log } from '../log.ts'
import type { LogAdmin, Membership } from '../membership.ts'
import type { Position, Split } from '../position.ts'
import type { SourcePort } from '../source-port.ts'
import type { Source } from '../source.ts'
import { FilePort } from './port.ts'
import type { LinePlan } from './spec.ts'

export class FileLog implements Log {
  readonly admin: LogAdmin = new FileAdmin()
  readonly #plans = new Map<string, LinePlan>()

  constructor(sources: readonly Source<unknown, unknown>[]) {
    for (const source of sources) {
      const { lines } = source as { lines?: LinePlan }
      if (lines !== undefined) this.#plans.set(source.topic, lines)
    }
  }

  membership(): Membership {
    return new LocalMembership(this.admin)
  }

  source(topic: string): SourcePort {
    const plan = this.#plans.get(topic)
    if (plan === undefined)
      throw new MillraceError(
        'MILLRACE_UNKNOWN_TOPIC',
        `no source of the app reads the file ${topic}`,
      )
    return new FilePort(plan)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class FileAdmin implements LogAdmin {
  async ensure(topic: string, partitions: number): Promise<void> {
    await sizeOf(topic)
    if (partitions !== 1)
      throw new MillraceError(
        'MILLRACE_CONFIG',
        `the file ${topic} has 1 split, ${partitions} were asked for: a file is read in order`,
      )
  }

  async splits(topic: string): Promise<readonly Split[]> {
    await sizeOf(topic)
    return [{ id: `${topic}:0`, topic, partition: 0 }]
  }

  async ends(topic: string): Promise<ReadonlyMap<string, Position>> {
    return new Map([[`${topic}:0`, String(await sizeOf(topic))]])
  }

  purge(split: string): Promise<void> {
    return Promise.reject(
      new MillraceError('MILLRACE_CONFIG', `${split} is a file of yours: it is never purged`),
    )
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    throw new MillraceError(
      'MILLRACE_UNKNOWN_TOPIC',
      `the file ${path} cannot be read: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
