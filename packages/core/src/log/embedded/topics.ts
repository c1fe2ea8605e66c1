/**
 * What the embedded log knows about its topics while it is open: per partition the first offset
 * that is still there and the next one to be given. The table is small and lives in memory, so that
 * asking it is synchronous.
 */
import { MillraceError } from '../../errors.ts'
import type { StoredBatch } from './batch.ts'

/** Told about batches of its partition once they are durable, in order. */
export interface PartitionListener {
  appended(batch: StoredBatch): void
}

export interface PartitionState {
  readonly topic: string
  readonly partition: number
  /** Position of the oldest record that has not been purged. */
  start: number
  /** The next offset. Moves only after the write was acknowledged. */
  end: number
  readonly listeners: Set<PartitionListener>
}

export interface TopicState {
  readonly name: string
  readonly partitions: readonly PartitionState[]
  /** Where the next append without keys goes. */
  keyless: number
}

export const partitionsDefault = 4
export const partitionsMax = 4096
const namesShown = 20

export class Topics {
  readonly #topics = new Map<string, TopicState>()

  get names(): readonly string[] {
    return [...this.#topics.keys()].sort()
  }

  find(name: string): TopicState | undefined {
    return this.#topics.get(name)
  }

  /** The topic, or MILLRACE_UNKNOWN_TOPIC that lists what is there. */
  get(name: string): TopicState {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw unknownTopic(name, this.names)
    return topic
  }

  partition(name: string, partition: number): PartitionState {
    const topic = this.get(name)
    const state = topic.partitions[partition]
    if (state === undefined) {
      throw new MillraceError(
        'MILLRACE_UNKNOWN_TOPIC',
        `topic '${name}' has partitions 0 to ${topic.partitions.length - 1}, there is no partition ${partition}`,
      )
    }
    return state
  }

  add(name: string, partitions: number): TopicState {
    const topic: TopicState = {
      name,
      keyless: 0,
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        topic: name,
        partition,
        start: 0,
        end: 0,
        listeners: new Set<PartitionListener>(),
      })),
    }
    this.#topics.set(name, topic)
    return topic
  }
}

export function checkTopic(name: string, partitions: number): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name)) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `'${name}' is not a topic name: use 1 to 249 letters, digits, '.', '_' and '-'`,
    )
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `topic '${name}' cannot have ${partitions} partitions: ask for 1 to ${partitionsMax}`,
    )
  }
}

/** Partitions are fixed: keys would move to other partitions than their state. */
export function checkCount(name: string, there: number, asked: number): void {
  if (there === asked) return
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `topic '${name}' has ${there} partitions, ${asked} were asked for: partitions of a topic are fixed, so ask for ${there}, or write to a new topic with ${asked}`,
  )
}

export function unknownTopic(name: string, known: readonly string[]): MillraceError {
  const shown = known
    .slice(0, namesShown)
    .map((topic) => `'${topic}'`)
    .join(', ')
  const more = known.length > namesShown ? ` and ${known.length - namesShown} more` : ''
  const there = known.length === 0 ? 'the log has no topics yet' : `the log has ${shown}${more}`
  return new MillraceError(
    'MILLRACE_UNKNOWN_TOPIC',
    `there is no topic '${name}': ${there}. Create it with ensure('${name}', partitions), or correct the name`,
  )
}
