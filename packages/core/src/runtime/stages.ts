/**
 * Stages: those of one task, one behind the other. Later ones go first, so that the lines between them stay short. T moves in the
 * first stage with the rows taken, and stands in line in front of each next one like a row (law 5). What a move of T or a row owes
 * beyond a slice is remembered: no row is taken and no T moves before that is paid.
 */
import { Crossing } from './stage-queue.ts'
import type { Cut } from './split-input.ts'
import type { Stage, StageNode } from './stage.ts'

/** Rows that closes, timers and fan-outs may emit between two rows, before the driver gets a word in. */
const drainRowsDefault = 2_000
/** Rows between two stages beyond which no further row is taken. */
const queuedRowsMax = 10_000

export class Stages {
  readonly all: readonly Stage[]
  readonly first: Stage
  /** There are stages behind the first: only then can rows be queued or in flight. */
  readonly later: boolean
  /** One stage, and nothing in it acts on time or drains: T is only noted, for rows to see. */
  readonly plain: boolean
  /** More than a slice is owed. */
  owes = false
  /** Rows were delivered or made: worth a commit. */
  changed = false

  readonly #drainRows: number

  constructor(all: readonly Stage[], drainRows: number = drainRowsDefault) {
    this.all = all
    this.#drainRows = drainRows
    this.first = all[0]!
    this.later = all.length > 1
    this.plain = !this.later && !this.first.timed
  }

  /** One entry of a later stage. False: none can go on. */
  deliver(): boolean {
    for (let i = this.all.length - 1; i > 0; i--) {
      const stage = this.all[i]!
      if (stage.owes) return false
      const entry = stage.queue!.take()
      if (entry === undefined) {
        if (stage.queue!.cut) return false
        continue
      }
      this.changed = true
      if (entry.kind === 'time') {
        this.#advance(i, entry.watermark)
        return true
      }
      const { row } = stage
      row.time = entry.time
      row.entered = entry.time
      row.headers = entry.headers
      row.origin = entry.origin
      row.old = entry.change?.old
      row.latest = entry.change?.latest ?? true
      row.final = entry.change?.final ?? false
      row.tombstone = entry.value === null
      if (entry.from instanceof Crossing) entry.from.target.process(entry.key, entry.value, row)
      else entry.from.deliver(entry.key, entry.answer!)
      this.drain(stage)
      return true
    }
    return false
  }

  /** What the row that has just passed the stage owes. */
  drain(stage: Stage): void {
    if (!stage.drain(this.#drainRows)) this.owes = true
  }

  /** T has come to this in the first stage. */
  moveTime(watermark: number): void {
    if (watermark > this.first.watermark && !this.first.advancing) this.#advance(0, watermark)
  }

  /**
   * Goes on with what is owed, one slice. True when nothing is owed any more. A stage whose rows would have to wait in a line that is
   * full (`full`: or for calls) goes on when there is room.
   */
  settle(watermark: number, full: boolean): boolean {
    for (let i = this.all.length - 1; i >= 0; i--) {
      const stage = this.all[i]!
      const below = this.all[i + 1]?.queue
      if (below !== undefined && (full || below.rows >= queuedRowsMax)) return false
      const wasAdvancing = stage.advancing
      const { made } = stage
      const done = stage.resume(this.#drainRows)
      if (stage.made !== made) this.changed = true
      if (!done) return false
      if (wasAdvancing) this.#passTimeOn(i)
    }
    this.owes = false
    this.moveTime(watermark)
    return !this.owes
  }

  tick(now: number): void {
    for (const stage of this.all) {
      const { made } = stage
      if (!stage.tick(now, this.#drainRows)) this.owes = true
      if (stage.made !== made) this.changed = true
    }
  }

  /** Wall clock at which `tick` is of use; Infinity: never. */
  get nextTick(): number {
    let next = Infinity
    for (const stage of this.all) next = Math.min(next, stage.nextTick)
    return next
  }

  flush(): void {
    for (const stage of this.all) stage.flush()
  }

  /** Nothing is owed, and nothing stands between two stages. */
  get quiet(): boolean {
    return !this.owes && this.all.every(({ queue }) => queue === undefined || queue.empty)
  }

  get full(): boolean {
    for (let i = 1; i < this.all.length; i++)
      if (this.all[i]!.queue!.rows >= queuedRowsMax) return true
    return false
  }

  /** True if the row stands in a line between stages, which stops in front of it then. */
  stopBefore(cut: Cut): boolean {
    return this.all.filter(({ queue }) => queue?.stopBefore(cut)).length > 0
  }

  /** The row to stop before is next in a line between two stages, and nothing older is further down. */
  get cutInFlight(): boolean {
    return this.all.findLast(({ queue }) => queue?.empty === false)?.queue!.cut === true
  }

  saveTimes(watermarks: Map<string, number>): void {
    this.all.forEach((stage, i) => {
      watermarks.set(`stage/${i}`, stage.watermark)
      stage.saveTimes(watermarks)
    })
    for (const { node } of this.#ownTimes) {
      if (node.streamTime > -Infinity) watermarks.set(timeOf(node.name), node.streamTime)
      node.sideTimes?.forEach((time, side) => {
        if (time > -Infinity) watermarks.set(timeOf(node.name, side), time)
      })
    }
  }

  get #ownTimes(): readonly StageNode[] {
    return this.all.flatMap(({ nodes }) => nodes).filter(({ node }) => node.usesStreamTime)
  }

  restoreTimes(watermarks: ReadonlyMap<string, number>): void {
    this.all.forEach((stage, i) =>
      stage.restoreTimes(watermarks.get(`stage/${i}`) ?? -Infinity, watermarks),
    )
    for (const { node } of this.#ownTimes) {
      node.streamTime = watermarks.get(timeOf(node.name)) ?? -Infinity
      node.sideTimes = node.sideTimes?.map(
        (_, side) => watermarks.get(timeOf(node.name, side)) ?? -Infinity,
      )
    }
    // A commit may have come between two slices of a drain: nothing is taken before the rest of it.
    this.owes = !this.plain
    for (const stage of this.all) stage.owes = this.owes
  }

  /** Behind the rows in flight that were restored stands the T of the stage above. */
  passTimesOn(): void {
    this.all.forEach((stage, i) => {
      if (stage.watermark > -Infinity) this.#passTimeOn(i)
    })
  }

  close(): void {
    for (const stage of this.all) for (const { processor } of stage.nodes) processor.close?.()
  }

  /** T passes the stage, then stands in line for the next one. */
  #advance(i: number, watermark: number): void {
    const stage = this.all[i]!
    const made = stage.made
    if (stage.advance(watermark, this.#drainRows)) this.#passTimeOn(i)
    else this.owes = true
    if (stage.made !== made) this.changed = true
  }

  #passTimeOn(i: number): void {
    this.all[i + 1]?.queue!.time(this.all[i]!.watermark)
  }
}

/** Where a commit keeps T of a node, or of one of its sides. */
function timeOf(node: string, side?: number): string {
  return side === undefined ? `node/${node}` : `node/${node}#${side}`
}
