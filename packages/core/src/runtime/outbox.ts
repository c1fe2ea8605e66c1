/**
 * Outbox: publishes the staged rows of decided commits. In order per lane of a sink, one at a time; lanes are independent.
 * What fails for a reason that may pass is tried again with back-off, anything else stops the task. What is published is
 * marked done in the next record; what is not is published again by the next owner, under the same names and ids.
 */
import type { DoneMark, OutboxSection } from '../checkpoint/record.ts'
import type { PendingSection } from '../checkpoint/chain.ts'
import { laneKey } from '../checkpoint/chain.ts'
import type { Env } from '../env.ts'
import { isMillraceError, messageOf } from '../errors.ts'
import type { CommitRef } from '../sink.ts'
import { backoffMs } from './backoff.ts'
import type { SinkPorts } from './wiring.ts'

type Place = Omit<CommitRef, 'seq'>

/** Decided and unpublished sections, and their bytes, beyond which the task commits no more, so that its sinks fill up. */
const sectionsMax = 64
const bytesMax = 16 * 1024 * 1024

export class Outbox {
  readonly #place: Place
  readonly #ports: SinkPorts
  readonly #env: Env
  readonly #changed: () => void
  readonly #lanes: Map<string, Promise<void>> = new Map()
  readonly #done: Map<string, DoneMark> = new Map()
  #unpublished = 0
  #unpublishedBytes = 0
  #error: unknown = undefined
  readonly #stop: AbortController = new AbortController()
  published = 0

  constructor(place: Place, ports: SinkPorts, env: Env, changed: () => void) {
    this.#place = place
    this.#ports = ports
    this.#env = env
    this.#changed = changed
  }

  get error(): unknown {
    return this.#error
  }

  get empty(): boolean {
    return this.#unpublished === 0
  }

  get full(): boolean {
    return this.#unpublished >= sectionsMax || this.#unpublishedBytes >= bytesMax
  }

  /** There is something to mark as done. */
  get hasDone(): boolean {
    return this.#done.size > 0
  }

  /** The marks for the next record. A record that is never decided takes its marks with it: rows are published again. */
  takeDone(): readonly DoneMark[] {
    const marks = [...this.#done.values()]
    this.#done.clear()
    return marks
  }

  /** What earlier owners left unmarked, before any new section. */
  resume(pending: readonly PendingSection[]): void {
    for (const section of pending) this.publish([section], section.seq)
  }

  publish(sections: readonly OutboxSection[], seq: number): void {
    for (const section of sections) {
      this.#unpublished++
      this.#unpublishedBytes += section.bytes.length
      const lane = laneKey(section.sink, section.lane)
      const before = this.#lanes.get(lane) ?? Promise.resolve()
      this.#lanes.set(
        lane,
        before.then(() => this.#publish(section, seq)),
      )
    }
  }

  async drained(): Promise<void> {
    await Promise.all(this.#lanes.values())
  }

  /** No further try. What is unpublished stays in the log for the next owner. */
  stop(): void {
    this.#stop.abort()
  }

  async #publish(section: OutboxSection, seq: number): Promise<void> {
    const port = this.#ports.get(section.sink)
    for (let attempt = 0; this.#error === undefined && !this.#stop.signal.aborted; attempt++) {
      try {
        await port!.publish(section, {
          app: this.#place.app,
          subTopology: this.#place.subTopology,
          task: this.#place.task,
          seq,
        })
        this.#done.set(laneKey(section.sink, section.lane), {
          sink: section.sink,
          lane: section.lane,
          seq,
        })
        this.published += section.rows
        break
      } catch (error) {
        if (!isMillraceError(error) || error.family !== 'retriable') {
          this.#error = error
          break
        }
        if (attempt % 10 === 0)
          this.#env.log(
            'warn',
            `the sink ${section.sink} does not take commit ${seq} yet: ${messageOf(error)}`,
            { ...this.#place, attempt },
          )
        await this.#env.timers
          .sleep(backoffMs(attempt, this.#env.random()), this.#stop.signal)
          .catch(() => {})
      }
    }
    this.#unpublished--
    this.#unpublishedBytes -= section.bytes.length
    this.#changed()
  }
}
