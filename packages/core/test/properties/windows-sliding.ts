// Sliding windows against an oracle that follows Kafka Streams' steps over one list of windows; and, where
// nothing is late, against the intervals themselves.
import { Buffer } from 'node:buffer'
import { sliding } from '@millrace/core'
import { seededRandom } from '@millrace/core/testing'
import type { Histories } from './check.ts'
import { compare, inputsOf, run, styles, textOf } from './window-scene.ts'
import type { Change, Input, LateRow, Scene } from './window-scene.ts'

interface Window {
  readonly key: string
  readonly start: number
  readonly text: string
  readonly newest: number
}

interface Shape {
  readonly diff: number
  readonly grace: number
}

class Oracle {
  readonly #scene: Scene
  readonly #shape: Shape
  readonly changes: Change[] = []
  readonly late: LateRow[] = []
  expired = 0
  #windows: Window[] = []
  readonly #emitted: Set<string> = new Set()
  #T = -Infinity
  /** Of each side: under stream time it judges the rows of its side, unless windows become final. */
  readonly #times: number[]
  /** Windows that end before are closed to the row in progress. */
  #open = -Infinity
  /** Of the row in progress. */
  #row!: Input & { readonly key: string }
  #took = false
  #refused: number[] = []

  constructor(scene: Scene, shape: Shape) {
    this.#scene = scene
    this.#shape = shape
    const { clock, emit } = scene
    this.#times = Array.from({ length: scene.sides }, () => -Infinity)
    let highest = -Infinity
    for (const input of scene.inputs) {
      const counts = input.key !== null && input.mark !== null
      if (clock === 'streamTime' && counts) {
        this.#T = Math.max(this.#T, input.at)
        this.#times[input.side] = Math.max(this.#times[input.side]!, input.at)
      }
      const T = clock === 'streamTime' && emit === 'update' ? this.#times[input.side]! : this.#T
      this.#open = T - shape.grace
      if (counts) this.#take(input as Input & { readonly key: string })
      highest = Math.max(highest, input.at)
      if (clock === 'watermark') this.#T = highest - scene.outOfOrder
      this.#closeDue()
      if (clock === 'streamTime') this.#forget()
    }
  }

  #take(row: Input & { readonly key: string }): void {
    const { diff } = this.#shape
    this.#row = row
    this.#took = false
    this.#refused = []
    if (row.at + diff < this.#open) this.#refused.push(Math.max(0, row.at - diff))
    else if (row.at < diff) this.#takeEarly()
    else this.#takeUsual()
    this.expired += this.#refused.length
    if (this.#took) return
    const windows = [...new Set(this.#refused)].map((start) => ({ start, end: start + diff }))
    this.late.push({ key: row.key, value: row.mark, windows })
  }

  #takeUsual(): void {
    const { diff } = this.#shape
    const { key, at } = this.#row
    const seen = this.#windows
      .filter((w) => w.key === key && w.start >= Math.max(0, at - 2 * diff) && w.start <= at + 1)
      .sort((a, b) => b.start - a.start)
    const starts = new Set(seen.map(({ start }) => start))
    let right: Window | undefined
    let left: Window | undefined
    let before: number | undefined
    for (const window of seen) {
      const end = window.start + diff
      if (window.start === at + 1) continue
      if (end > at) {
        right ??= window
        this.#addTo(window)
      } else if (end === at) {
        this.#addTo(window)
        if (window.newest === at) return
        before = window.newest
      } else {
        left = window
        before = window.newest
        break
      }
    }
    if (before !== undefined && !starts.has(before + 1) && before + 1 + diff >= at)
      this.#create(before + 1, '')
    if (!starts.has(at - diff))
      this.#create(at - diff, before !== undefined && before >= at - diff ? left!.text : '')
    if (!starts.has(at + 1) && right !== undefined && right.newest > at) this.#copy(right)
  }

  #takeEarly(): void {
    const { key, at } = this.#row
    const seen = this.#windows
      .filter((w) => w.key === key && w.start <= at + 1)
      .sort((a, b) => a.start - b.start)
    const starts = new Set(seen.map(({ start }) => start))
    const combined = seen.find(({ start }) => start === 0)
    let right: Window | undefined
    for (const window of seen) {
      if (window.start === 0 || window.start > at) continue
      right = window
      this.#addTo(window)
    }
    if (right === undefined && combined !== undefined && combined.newest > at) right = combined
    if (!starts.has(at + 1) && right !== undefined && right.newest > at) this.#copy(right)
    if (combined !== undefined && combined.newest < at && !starts.has(combined.newest + 1))
      this.#create(combined.newest + 1, '')
    if (combined === undefined) this.#create(0, '')
    else this.#addTo(combined)
  }

  #addTo(window: Window): void {
    const newest = Math.max(window.newest, this.#row.at)
    this.#change(window.start, window.text, newest, window.text)
  }

  #create(start: number, text: string): void {
    const { key, at } = this.#row
    const made = this.#windows.find((w) => w.key === key && w.start === start)
    // Kafka Streams tells what it is made from, even of a window that it makes twice.
    const old = this.#scene.clock === 'streamTime' ? text : (made?.text ?? null)
    this.#change(start, text, at, old)
  }

  #change(start: number, before: string, newest: number, old: string | null): void {
    if (start + this.#shape.diff < this.#open) {
      this.#refused.push(start)
      return
    }
    this.#took = true
    const { side, mark } = this.#row
    this.#put(start, textOf(side, before, mark), newest, old)
  }

  #copy({ text, newest }: Window): void {
    this.#put(this.#row.at + 1, text, newest, null)
  }

  #put(start: number, text: string | null, newest: number, old: string | null): void {
    const { key } = this.#row
    this.#windows = this.#windows.filter((w) => w.key !== key || w.start !== start)
    if (text !== null) this.#windows.push({ key, start, text, newest })
    if (this.#scene.emit !== 'close') this.#tell(key, start, text, old, newest, false)
  }

  #tell(
    key: string,
    start: number,
    value: string | null,
    old: string | null,
    time: number,
    final: boolean,
  ): void {
    const told = this.#scene.tellsOld ? old : undefined
    this.changes.push({ key, start, end: start + this.#shape.diff, value, old: told, final, time })
  }

  /** Only a side behind another one comes to miss them. */
  #forget(): void {
    const { diff, grace } = this.#shape
    const reach = diff + grace + Math.max(2 * diff, this.#scene.retention)
    this.#windows = this.#windows.filter(({ start }) => start + reach >= this.#T)
  }

  #closeDue(): void {
    if (this.#scene.emit === 'update') return
    this.#windows
      .filter(({ start }) => start + this.#shape.diff < this.#T - this.#shape.grace)
      .filter(({ key, start }) => !this.#emitted.has(`${start} ${key}`))
      .sort((a, b) => a.start - b.start || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
      .forEach(({ key, start, text, newest }) => {
        this.#emitted.add(`${start} ${key}`)
        this.#tell(key, start, text, this.#scene.emit === 'both' ? text : null, newest, true)
      })
  }
}

function history(seed: number): void {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const shape: Shape = { diff: 1 + pick(12), grace: pick(2) * pick(12) }
  const sides = pick(4) === 0 ? 2 : 1
  const scene: Scene = {
    clock: pick(2) === 0 ? 'watermark' : 'streamTime',
    outOfOrder: pick(2) * pick(20),
    emit: (['update', 'close', 'both'] as const)[pick(3)]!,
    style: styles[pick(styles.length)]!,
    sides,
    tellsOld: pick(2) === 0,
    retention: pick(2) * pick(60),
    inputs: inputsOf(pick, { sides, spread: 1 + pick(60), nulls: true }),
  }
  const { changes, late, expired } = run(
    scene,
    sliding(`${shape.diff}ms`).grace(`${shape.grace}ms`),
    pick,
  )
  const wanted = new Oracle(scene, shape)
  compare(late, wanted.late, { ...shape, ...scene })
  if (expired !== undefined) compare(expired, wanted.expired, { ...shape, ...scene })
  compare(changes, wanted.changes, { ...shape, ...scene })
}

/** Where nothing is late, there is a window for each interval in which the rows differ, and it has them all. */
function contents(seed: number): void {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const diff = 1 + pick(12)
  const scene: Scene = {
    clock: pick(2) === 0 ? 'watermark' : 'streamTime',
    outOfOrder: 0,
    emit: 'update',
    style: styles[pick(styles.length)]!,
    sides: 1,
    tellsOld: false,
    retention: 0,
    inputs: inputsOf(pick, { sides: 1, spread: 1 + pick(60), nulls: false }),
  }
  const { changes } = run(scene, sliding(`${diff}ms`).grace('1h'), pick)
  const shown = new Map<string, string>()
  for (const { key, start, value } of changes)
    shown.set(JSON.stringify([key, start]), sorted(value!))
  const wanted = new Map<string, string>()
  for (const { key, at } of scene.inputs)
    for (const start of [Math.max(0, at - diff), at + 1]) {
      const rows = scene.inputs.filter(
        (row) => row.key === key && row.at >= start && row.at <= start + diff,
      )
      if (rows.length === 0) continue
      wanted.set(JSON.stringify([key, start]), sorted(rows.map(({ mark }) => `0${mark},`).join('')))
    }
  compare(Object.fromEntries(shown), Object.fromEntries(wanted), { diff, ...scene })
}

function sorted(text: string): string {
  return text.split(',').sort().join()
}

export const histories: Histories = {
  'windows-sliding': history,
  'windows-sliding-contents': contents,
}
