/** The rows for people. */
import type { Result } from './result.ts'

const columns: readonly (readonly [title: string, cell: (row: Result) => string])[] = [
  ['bench', (row) => row.bench],
  ['records', (row) => String(row.records)],
  ['CPU us/record', (row) => row.cpuMicrosPerRecord.toFixed(3)],
  ['bare loop', (row) => row.baselineMicrosPerRecord.toFixed(3)],
  ['beyond', (row) => (row.cpuMicrosPerRecord - row.baselineMicrosPerRecord).toFixed(3)],
  ['ratio', (row) => row.ratio.toFixed(1)],
  ['promises/record', (row) => row.promisesPerRecord?.toFixed(4) ?? ''],
  ['RSS MiB', (row) => String(row.rssMiB)],
]

export function table(rows: readonly Result[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)))
  const pad = (text: string, i: number): string =>
    i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}
