// Session windows against an oracle that keeps all sessions in one list and looks through all of it for each row.
import { Buffer } from 'node:buffer'
import { session } from '@millrace/core'
import { seededRandom } from '@millrace/core/testing'
import type { Histories } from './check.ts'
import { compare, inputsOf, run, styles, textOf } from './window-scene.ts'
import type { Change, LateRow, Scene } from './window-scene.ts'

interface Session {
  readonly key: string
  start: number
  end: number
  text: string
  emitted: boolean
}

interface Shape {
  readonly gap: number
  readonly grace: number
}

function oracle(scene: Scene, { gap, grace }: Shape) {
  const watermark = scene.clock === 'watermark'
  let sessions: Session[] = []
  const changes: Change[] = []
  const late: LateRow[] = []
  let T = -Infinity
  let watermarkT = -Infinity
  /** Of each side: under stream time it judges the rows of its side, unless sessions become final. */
  const times = Array.from({ length: scene.sides }, () => -Infinity)
  const timeOf = (side: number): number =>
    !watermark && scene.emit === 'update' ? times[side]! : T
  const isClosed = (end: number, now = T): boolean => end < now - grace - gap
  const tell = (
    { key, start, end }: Pick<Session, 'key' | 'start' | 'end'>,
    value: string | null,
    old: string | null,
    final: boolean,
  ): void => {
    changes.push({
      key,
      start,
      end,
      value,
      old: scene.tellsOld ? old : undefined,
      final,
      time: end,
    })
  }
  const closeDue = (): void => {
    const due = sessions
      .filter(({ end, emitted }) => isClosed(end) && !emitted)
      .sort((a, b) => a.end - b.end || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    for (const one of due) {
      one.emitted = true
      if (scene.emit !== 'update')
        tell(one, one.text, scene.emit === 'both' ? one.text : null, true)
    }
    if (watermark) sessions = sessions.filter(({ end }) => !isClosed(end))
  }
  for (const { key, at, mark, side } of scene.inputs) {
    if (key !== null) {
      if (!watermark) T = Math.max(T, at)
      times[side] = Math.max(times[side]!, at)
      const found = sessions
        .filter((one) => one.key === key && one.end >= at - gap && one.start <= at + gap)
        .sort((a, b) => a.end - b.end || a.start - b.start)
      const start = Math.min(at, ...found.map((one) => one.start))
      const end = Math.max(at, ...found.map((one) => one.end))
      if (isClosed(end, timeOf(side))) late.push({ key, value: mark, windows: [{ start, end }] })
      else {
        const text = textOf(side, found.map((one) => one.text).join(''), mark)
        sessions = sessions.filter((one) => !found.includes(one))
        if (text !== null) sessions.push({ key, start, end, text, emitted: false })
        if (scene.emit !== 'close') {
          const point = start === at && end === at
          if (!point) for (const one of found) tell(one, null, one.text, false)
          const old = point && watermark ? (found[0]?.text ?? null) : null
          tell({ key, start, end }, text, old, false)
        }
      }
    }
    if (watermark) {
      watermarkT = Math.max(watermarkT, at - scene.outOfOrder)
      T = watermarkT
    }
    closeDue()
    if (watermark) continue
    const reach = gap + grace + Math.max(2 * gap, scene.retention)
    sessions = sessions.filter(({ end }) => end + reach >= T)
  }
  return { changes, late }
}

function history(seed: number): void {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const shape: Shape = { gap: pick(9), grace: pick(2) * pick(12) }
  const clock = pick(2) === 0 ? 'watermark' : 'streamTime'
  const sides = pick(4) === 0 ? 2 : 1
  const retention = pick(2) * pick(60)
  const scene: Scene = {
    clock,
    outOfOrder: pick(2) * pick(20),
    emit: (['update', 'close', 'both'] as const)[pick(3)]!,
    style: styles[pick(styles.length)]!,
    sides,
    tellsOld: pick(2) === 0,
    retention,
    inputs: inputsOf(pick, { sides, spread: 1 + pick(60), nulls: true }),
  }
  const window = session(`${shape.gap}ms`).grace(`${shape.grace}ms`)
  const { changes, late, expired } = run(scene, window, pick)
  const wanted = oracle(scene, shape)
  compare(late, wanted.late, { ...shape, ...scene })
  if (expired !== undefined) compare(expired, wanted.late.length, { ...shape, ...scene })
  compare(changes, wanted.changes, { ...shape, ...scene })
}

/** Where nothing is late, sessions are what one sees in the rows in order, whatever order they came in. */
function contents(seed: number): void {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const gap = pick(9)
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
  const { changes } = run(scene, session(`${gap}ms`).grace('1h'), pick)
  const shown = new Map<string, string>()
  for (const { key, start, end, value } of changes) {
    const id = JSON.stringify([key, start, end])
    if (value === null) shown.delete(id)
    else shown.set(id, sorted(value))
  }
  const wanted = new Map<string, string>()
  for (const key of new Set(scene.inputs.map((input) => input.key))) {
    const rows = scene.inputs.filter((input) => input.key === key).sort((a, b) => a.at - b.at)
    for (let i = 0; i < rows.length;) {
      let last = i
      while (last + 1 < rows.length && rows[last + 1]!.at - rows[last]!.at <= gap) last++
      const text = rows
        .slice(i, last + 1)
        .map(({ mark }) => `0${mark},`)
        .join('')
      wanted.set(JSON.stringify([key, rows[i]!.at, rows[last]!.at]), sorted(text))
      i = last + 1
    }
  }
  compare(Object.fromEntries(shown), Object.fromEntries(wanted), { gap, ...scene })
}

function sorted(text: string): string {
  return text.split(',').sort().join()
}

export const histories: Histories = {
  'windows-session': history,
  'windows-session-contents': contents,
}
