/** Summary: what a run has done, counted from the nodes of the scoring side, as JSON and as a table. */
import type { WorkerReport } from '@millrace/core'

export interface Summary {
  /** Transactions that the scoring side has read. */
  readonly records: number
  /** Scored rows written. */
  readonly outputs: number
  readonly alerts: number
  readonly filtered: number
  readonly deadLettered: number
  readonly deadLetters: ReadonlyMap<string, number>
  readonly retried: number
  readonly lag: number
}

/** Why rows end as dead letters, by the node that refuses them. */
const refusals: Readonly<Record<string, string>> = {
  transactions: 'not JSON',
  schema: 'does not fit the schema',
  'event-time': 'from the future',
}

export function summaryOf(report: WorkerReport): Summary {
  const node = (
    name: string,
  ): { taken: number; forwarded: number; filtered: number; retried: number } =>
    report.nodes.get(name) ?? { taken: 0, forwarded: 0, filtered: 0, retried: 0 }
  const deadLetters = new Map<string, number>()
  let deadLettered = 0
  for (const [name, counters] of report.nodes) {
    if (counters.deadLettered === 0) continue
    deadLetters.set(refusals[name] ?? name, counters.deadLettered)
    deadLettered += counters.deadLettered
  }
  return {
    records: node('transactions').taken,
    outputs: node('scores').forwarded,
    alerts: node('alerts').forwarded,
    filtered: node('charged').filtered,
    deadLettered,
    deadLetters,
    retried: node('profile').retried,
    lag: report.lag,
  }
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
  { records, outputs, deadLettered }: Summary,
  { seconds, cpuMicrosPerRecord }: Cost,
  out: string,
): string {
  return JSON.stringify({ records, outputs, deadLettered, seconds, cpuMicrosPerRecord, out })
}

/** The table that people read. */
export function toTable(summary: Summary, cost: Cost, place: Place): string {
  const { records, outputs, alerts, filtered, deadLettered, deadLetters, retried } = summary
  const rows: (readonly [string, string, string?])[] = [
    ['transactions read', count(records)],
    ['scored', count(outputs), `${place.out}/scores`],
    ['  alerts among them', count(alerts), `${place.out}/alerts`],
    ['nothing charged', count(filtered)],
    [
      'dead letters',
      count(deadLettered),
      deadLettered > 0 ? `${place.out}/dead-letters` : undefined,
    ],
    ...[...deadLetters].map(([reason, rows]) => [`  ${reason}`, count(rows)] as const),
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
