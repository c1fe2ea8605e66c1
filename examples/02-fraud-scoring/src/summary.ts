/** Summary: what a run has done, counted from the nodes of the reading side, as JSON and as a table. */
import type { WorkerReport } from '@millrace/core'
import { busyPayments } from './velocity.ts'

export interface Summary {
  /** Transactions read from their topic. */
  readonly records: number
  /** Scored rows written. */
  readonly outputs: number
  readonly alerts: number
  readonly filtered: number
  readonly deadLettered: number
  readonly deadLetters: ReadonlyMap<string, number>
  readonly retried: number
  /** Windows that have closed, and how many of them were busy. */
  readonly windows: number
  readonly busy: number
  /** Rows that came when all their windows had closed. They are scored nevertheless. */
  readonly late: number
  /** How far the watermark of the windows is behind the newest row, in ms of event time. */
  readonly watermarkLagMs: number
  readonly lag: number
}

/** Why rows end as dead letters, by the node that refuses them. */
const refusals: Readonly<Record<string, string>> = {
  transactions: 'not JSON',
  schema: 'does not fit the schema',
  'event-time': 'from the future',
}

export function summaryOf(report: WorkerReport): Summary {
  const sum = (
    name: string,
    what: 'taken' | 'forwarded' | 'filtered' | 'retried' | 'late' | 'made',
  ) => report.nodes.get(name)?.[what] ?? 0
  const deadLetters = new Map<string, number>()
  let deadLettered = 0
  for (const [name, counters] of report.nodes) {
    if (counters.deadLettered === 0) continue
    deadLetters.set(refusals[name] ?? name, counters.deadLettered)
    deadLettered += counters.deadLettered
  }
  return {
    records: sum('transactions', 'taken'),
    outputs: sum('scores', 'forwarded'),
    alerts: sum('alerts', 'forwarded'),
    filtered: sum('charged', 'filtered'),
    deadLettered,
    deadLetters,
    retried: sum('profile', 'retried'),
    windows: sum('windows', 'made'),
    busy: sum('velocity', 'forwarded'),
    late: sum('windows', 'late'),
    watermarkLagMs: watermarkLag(report),
    lag: report.lag,
  }
}

function watermarkLag({ times }: WorkerReport): number {
  const { watermark, newest } = times.get('transactions') ?? { watermark: 0, newest: 0 }
  return watermark === -Infinity ? 0 : newest - watermark // a partition without rows: no time yet
}

export interface Cost {
  readonly seconds: number
  readonly cpuMicrosPerRecord: number
}

export interface Place {
  readonly out: string
  readonly state: string
  /** The state is gone. */
  readonly temporary: boolean
}

/** The line that programs read. */
export function toJson(
  summary: Summary,
  { seconds, cpuMicrosPerRecord }: Cost,
  out: string,
): string {
  const { records, outputs, deadLettered, late, watermarkLagMs } = summary
  return JSON.stringify({
    records,
    outputs,
    deadLettered,
    seconds,
    cpuMicrosPerRecord,
    out,
    late,
    watermarkLagMs,
  })
}

/** The table that people read. */
export function toTable(summary: Summary, cost: Cost, place: Place): string {
  const { records, outputs, alerts, filtered, deadLettered, deadLetters, retried } = summary
  const { windows, busy, late, watermarkLagMs } = summary
  const folder = (name: string, rows: number) => (rows > 0 ? `${place.out}/${name}` : undefined)
  const rows: (readonly [string, string, string?])[] = [
    ['transactions read', count(records)],
    ['scored', count(outputs), `${place.out}/scores`],
    ['  alerts among them', count(alerts), `${place.out}/alerts`],
    ['nothing charged', count(filtered)],
    ['dead letters', count(deadLettered), folder('dead-letters', deadLettered)],
    ...[...deadLetters].map(([reason, rows]) => [`  ${reason}`, count(rows)] as const),
    ['windows closed', count(windows)],
    [`  ${busyPayments} payments or more`, count(busy), folder('velocity', busy)],
    ['late rows', count(late), folder('late', late)],
    ['watermark lag', inSeconds(watermarkLagMs), 'behind the newest row'],
    ['look-ups tried again', count(retried)],
    ['seconds', cost.seconds.toFixed(1)],
    ['rows per second', count(cost.seconds > 0 ? Math.round(records / cost.seconds) : 0)],
    ['CPU per row', `${cost.cpuMicrosPerRecord.toFixed(1)} us`],
  ].map((row) => row as readonly [string, string, string?])
  const names = Math.max(...rows.map(([name]) => name.length))
  const values = Math.max(...rows.map(([, value]) => value.length))
  const lines = rows.map(
    ([name, value, where]) =>
      `  ${name.padEnd(names)}  ${value.padStart(values)}${where === undefined ? '' : `  ${where}`}`,
  )
  return [
    '',
    ...lines,
    '',
    `  look at them:  cat '${place.out}'/alerts/*.ndjson | head -n 3`,
    place.temporary
      ? '  The state was temporary and is removed; with --state DIR a later run goes on where this one stopped.'
      : `  Go on from here: the same command with --state '${place.state}'`,
    '',
  ].join('\n')
}

export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** Of event time. */
export function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
