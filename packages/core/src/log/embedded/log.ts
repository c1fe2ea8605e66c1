/** The embedded log as the engine sees it: admin, membership and ports over one shared database. */
import { answer } from '../answer.ts'
import { LocalMembership } from '../local-membership.ts'
import type { Log } from '../log.ts'
import type { LogAdmin, Membership } from '../membership.ts'
import type { Position, Split } from '../position.ts'
import type { SourcePort } from '../source-port.ts'
import { logClosed } from './damage.ts'
import type { EmbeddedDatabase } from './database.ts'
import { EmbeddedPort } from './port.ts'
import { openDatabases, type DatabaseLease } from './shared.ts'
import { positionGone, type PrefetchBounds } from './split-reader.ts'
import { unknownTopic } from './topics.ts'

const boundsDefault: PrefetchBounds = { rowsMax: 20_000, bytesMax: 8 * 1024 * 1024 }

export interface EmbeddedLogOptions {
  readonly dir: string
  readonly prefetch?: Partial<PrefetchBounds> | undefined
}

export class EmbeddedLog implements Log {
  readonly admin: LogAdmin
  readonly database: EmbeddedDatabase
  readonly #lease: DatabaseLease
  readonly #bounds: PrefetchBounds
  readonly #ports = new Set<EmbeddedPort>()

  private constructor(lease: DatabaseLease, bounds: PrefetchBounds) {
    this.#lease = lease
    this.#bounds = bounds
    this.database = lease.database
    this.admin = new EmbeddedAdmin(lease.database)
  }

  static async open(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    return new EmbeddedLog(await openDatabases.acquire(options.dir), {
      ...boundsDefault,
      ...options.prefetch,
    })
  }

  membership(): Membership {
    return new LocalMembership(this.admin)
  }

  source(topic: string): SourcePort {
    this.database.topics.get(topic)
    return new EmbeddedPort(this.database, this.#bounds, (port, used) => {
      if (used) this.#ports.add(port)
      else this.#ports.delete(port)
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ports].map((port) => port.end(logClosed(this.database.location))))
    this.#ports.clear()
    await this.#lease.release()
  }
}

class EmbeddedAdmin implements LogAdmin {
  readonly #database: EmbeddedDatabase

  constructor(database: EmbeddedDatabase) {
    this.#database = database
  }

  async ensure(topic: string, partitions: number): Promise<void> {
    await this.#database.ensure(topic, partitions)
  }

  splits(topic: string): Promise<readonly Split[]> {
    return answer(() => {
      const { partitions } = this.#database.topics.get(topic)
      return partitions.map(({ partition }) => ({ id: `${topic}:${partition}`, topic, partition }))
    })
  }

  ends(topic: string): Promise<ReadonlyMap<string, Position>> {
    return answer(() => {
      const { partitions } = this.#database.topics.get(topic)
      return new Map(partitions.map(({ partition, end }) => [`${topic}:${partition}`, String(end)]))
    })
  }

  async purge(split: string, before: Position): Promise<void> {
    const { topic, partition } = parseSplit(split, this.#database.topics.names)
    const state = this.#database.topics.partition(topic, partition)
    const offset = /^\d+$/.test(before) ? Number(before) : NaN
    if (!(offset <= state.end)) throw positionGone(split, before, state)
    await this.#database.purge(state, offset)
  }
}

/** Splits and lanes are `topic:partition`; a topic's name has no colon. */
export function parseSplit(
  split: string,
  known: readonly string[],
): { readonly topic: string; readonly partition: number } {
  const match = /^([^:]+):(\d+)$/.exec(split)
  if (match === null) throw unknownTopic(split, known)
  return { topic: match[1]!, partition: Number(match[2]) }
}
