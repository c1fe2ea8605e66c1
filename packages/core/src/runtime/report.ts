/**
 * What a worker has done since it was started: sums over the tasks that run and those that ran. Counters are read, never reset,
 * so a report may be taken at any time.
 */
import type { RunningTask } from './running-task.ts'

export interface WorkerReport {
  /** Rows taken from all sources, those that ended before they reached a step included. */
  readonly rows: number
  readonly commits: number
  /** Rows published by staged sinks. */
  readonly published: number
  /** Rows that the logs are known to hold and that have not been taken. */
  readonly lag: number
  readonly watermark: number
  /** How far event time has come, by sub-topology. */
  readonly times: ReadonlyMap<string, EventTimes>
  /** Sums over tasks, by node. */
  readonly nodes: ReadonlyMap<string, NodeReport>
}

export interface EventTimes {
  /** The lowest T of its tasks; -Infinity before the first. */
  readonly watermark: number
  /** The highest event time taken. Less the watermark it is the watermark's lag. */
  readonly newest: number
}

const numbers = [
  'taken',
  'forwarded',
  'absorbed',
  'filtered',
  'late',
  'deadLettered',
  'inFlight',
  'retried',
  'timedOut',
  'made',
] as const

/** The counters of a node. Law 1: what was taken is the sum of the six behind it. `made`: rows that time made, beside these. */
export type NodeReport = { readonly [Name in (typeof numbers)[number]]: number } & {
  /** Why rows ended here, and how often. */
  readonly reasons: ReadonlyMap<string, number>
}

/** Sums of counters, of one node in several tasks. */
export type CounterSums = { [Name in (typeof numbers)[number]]: number } & {
  readonly reasons: Map<string, number>
}

export function noSums(): CounterSums {
  const sums = Object.fromEntries(numbers.map((name) => [name, 0]))
  return { ...(sums as Omit<CounterSums, 'reasons'>), reasons: new Map() }
}

export function addCounters(sums: CounterSums, counters: NodeReport): void {
  for (const name of numbers) sums[name] += counters[name]
  for (const [reason, count] of counters.reasons)
    sums.reasons.set(reason, (sums.reasons.get(reason) ?? 0) + count)
}

/** Sums that outlive the tasks they came from. */
export class Totals {
  #rows = 0
  #commits = 0
  #published = 0
  readonly #nodes: Map<string, CounterSums> = new Map()
  /** By task: a later life of one takes the place of the former. */
  readonly #times: Map<string, EventTimes> = new Map()

  /** What a task has done; called once, when it has been closed. */
  add({ id, task, commits, outbox }: RunningTask): void {
    this.#times.set(id, { watermark: task.watermark, newest: task.newestTime })
    this.#rows += task.rowsTaken
    this.#commits += commits.decided
    this.#published += outbox.published
    for (const [name, counters] of task.counters()) this.#addNode(name, counters)
  }

  /** With the tasks that are running now. */
  report(running: Iterable<RunningTask>): WorkerReport {
    const all = new Totals()
    all.#addTotals(this)
    let lag = 0
    let watermark = Infinity
    for (const task of running) {
      all.add(task)
      lag += task.lag()
      watermark = Math.min(watermark, task.task.watermark)
    }
    return {
      rows: all.#rows,
      commits: all.#commits,
      published: all.#published,
      lag,
      watermark: watermark === Infinity ? -Infinity : watermark,
      times: all.#timesOfParts(),
      nodes: all.#nodes,
    }
  }

  #timesOfParts(): ReadonlyMap<string, EventTimes> {
    const parts = new Map<string, EventTimes>()
    for (const [id, times] of this.#times) {
      const part = id.slice(0, id.lastIndexOf('/'))
      const so = parts.get(part) ?? { watermark: Infinity, newest: -Infinity }
      parts.set(part, {
        watermark: Math.min(so.watermark, times.watermark),
        newest: Math.max(so.newest, times.newest),
      })
    }
    return parts
  }

  #addTotals(other: Totals): void {
    this.#rows += other.#rows
    this.#commits += other.#commits
    this.#published += other.#published
    for (const [name, sums] of other.#nodes) this.#addNode(name, sums)
    for (const [id, times] of other.#times) this.#times.set(id, times)
  }

  #addNode(name: string, counters: NodeReport): void {
    let sums = this.#nodes.get(name)
    if (sums === undefined) this.#nodes.set(name, (sums = noSums()))
    addCounters(sums, counters)
  }
}
