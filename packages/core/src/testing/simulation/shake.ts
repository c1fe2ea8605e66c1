/**
 * shake: a driver of the task object that does everything in an order drawn from a seed: fetches that answer late and in pieces,
 * calls that come back in any order, freezes between any two rows, crashes that lose what was not frozen. What a pipeline shows
 * must not depend on any of it (laws 2, 3, 12 and 13); equal seeds do equal things (law 9). Virtual time, no I/O of its own.
 */
import { fold } from '../../checkpoint/fold.ts'
import type { FoldedState } from '../../checkpoint/fold.ts'
import { MillraceError } from '../../errors.ts'
import { MemoryTaskState } from '../../state/memory/task-state.ts'
import type { OnError } from '../../topology/graph-node.ts'
import type { Topology } from '../../topology/topology.ts'
import type { CallResult, Effect } from '../../runtime/effects.ts'
import { Task } from '../../runtime/task.ts'
import type { Restored } from '../../runtime/task.ts'
import { sinksOf } from '../../runtime/wiring.ts'
import { CapturePort } from '../capture.ts'
import type { CapturedRow } from '../capture.ts'
import { seededRandom } from '../seeded-random.ts'
import { TestBatch } from '../test-batch.ts'
import type { TestRow } from '../test-batch.ts'

export interface ShakeOptions {
  readonly seed: number
  /** What the log of each topic holds: one split a topic, in the wire form of its source. */
  readonly inputs: ReadonlyMap<string, readonly TestRow[]>
  /** Rows per fetched batch. Default: drawn for each. */
  readonly batchRows?: number
  /** Chance of a crash where one may happen. Default 0. */
  readonly crash?: number
}

export interface Shaken {
  /** What became visible, by sink. */
  readonly outputs: ReadonlyMap<string, readonly CapturedRow[]>
  readonly crashes: number
  /** Law 1 held at every node when all was done. */
  readonly conserved: boolean
}

type Call = Extract<Effect, { kind: 'call' }>

const stepsMax = 500_000

export async function shake(
  app: { readonly id: string; readonly onError: OnError; topology(): Topology },
  options: ShakeOptions,
): Promise<Shaken> {
  const outputs = new Map<string, CapturedRow[]>()
  let crashes = 0
  let conserved = true
  for (const [i, part] of app.topology().subTopologies.entries()) {
    const run = new Shaking(app, part, options, seededRandom(options.seed + i), outputs)
    await run.toTheEnd()
    crashes += run.crashes
    conserved &&= run.conserved
  }
  return { outputs, crashes, conserved }
}

class Shaking {
  readonly #app: { readonly id: string; readonly onError: OnError }
  readonly #part: Topology['subTopologies'][number]
  readonly #options: ShakeOptions
  readonly #random: () => number
  readonly #outputs: Map<string, CapturedRow[]>
  readonly #splits: readonly {
    readonly id: string
    readonly topic: string
    readonly partition: number
  }[]
  readonly #state: FoldedState = new Map()
  #restored: Restored | undefined = undefined
  #task!: Task
  #calls: Call[] = []
  #offered: Map<string, number> = new Map()
  #now = 0
  crashes = 0

  constructor(
    app: { readonly id: string; readonly onError: OnError },
    part: Topology['subTopologies'][number],
    options: ShakeOptions,
    random: () => number,
    outputs: Map<string, CapturedRow[]>,
  ) {
    this.#app = app
    this.#part = part
    this.#options = options
    this.#random = random
    this.#outputs = outputs
    this.#splits = part.prefixes.map(({ source }) => ({
      id: `${source.source.topic}:0`,
      topic: source.source.topic,
      partition: 0,
    }))
    this.#build()
  }

  get conserved(): boolean {
    return [...this.#task.counters().values()].every((counters) => counters.conserved)
  }

  async toTheEnd(): Promise<void> {
    for (let step = 0; step < stepsMax; step++) {
      this.#task.tick(++this.#now, this.#now)
      await this.#step()
      if (
        this.#task.done &&
        this.#splits.every(({ id, topic }) => this.#offered.get(id)! >= this.#rows(topic).length)
      ) {
        this.#task.freeze()
        return
      }
    }
    throw new MillraceError(
      'MILLRACE_UNSETTLED',
      `seed ${this.#options.seed}: the pipeline has not come to an end after ${stepsMax} steps`,
    )
  }

  async #step(): Promise<void> {
    switch (this.#pick(4)) {
      case 0:
        return this.#fetch()
      case 1:
        this.#task.run(1 + this.#pick(5))
        for (const effect of this.#task.effects())
          if (effect.kind === 'call') this.#calls.push(effect)
        return
      case 2:
        return this.#answer()
      default:
        if (this.#pick(3) === 0) this.#commit()
        else if (this.#random() < (this.#options.crash ?? 0)) {
          this.crashes++
          this.#build()
        }
    }
  }

  #fetch(): void {
    const { id, topic } = this.#splits[this.#pick(this.#splits.length)]!
    const rows = this.#rows(topic)
    const first = this.#offered.get(id)!
    if (first < rows.length) {
      const batch = new TestBatch(
        id,
        first,
        rows.slice(first, first + (this.#options.batchRows ?? this.#pick(6))),
      )
      this.#offered.set(id, first + batch.length)
      this.#task.offer(batch)
    }
    this.#task.caughtUp(id, this.#offered.get(id)! >= rows.length)
  }

  /** Any call that is out comes back; its operator runs for real. */
  async #answer(): Promise<void> {
    const [call] = this.#calls.splice(this.#pick(this.#calls.length), 1)
    if (call === undefined) return
    const task = this.#task
    task.complete(call.id, await outcome(call))
  }

  #commit(): void {
    const frozen = this.#task.freeze()
    fold(this.#state, frozen.deltas)
    this.#task.decided()
    this.#restored = {
      positions: frozen.positions,
      watermarks: frozen.watermarks,
      state: this.#state,
    }
  }

  /** At the start, and after a crash: a new task from the last commit. */
  #build(): void {
    const ports = new Map(
      [...sinksOf(this.#part, this.#app.onError).keys()].map((name) => {
        const rows = this.#outputs.get(name) ?? []
        this.#outputs.set(name, rows)
        return [name, new CapturePort(rows)]
      }),
    )
    this.#task = new Task({
      app: this.#app.id,
      task: 'shaken',
      part: this.#part,
      splits: this.#splits,
      ports,
      onError: this.#app.onError,
      now: this.#now,
      random: this.#random,
      log: () => {},
      restored: this.#restored,
      state: new MemoryTaskState(),
    })
    this.#calls = []
    this.#offered = new Map(
      this.#splits.map(({ id }) => [id, Number(this.#restored?.positions.get(id) ?? 0)]),
    )
  }

  #rows(topic: string): readonly TestRow[] {
    return this.#options.inputs.get(topic) ?? []
  }

  #pick(n: number): number {
    return Math.floor(this.#random() * n)
  }
}

async function outcome(call: Call): Promise<CallResult> {
  try {
    return {
      ok: await call.operator.call(call.value, call.key, {
        signal: new AbortController().signal,
        attempt: call.attempt,
      }),
    }
  } catch (error) {
    return { error }
  }
}
