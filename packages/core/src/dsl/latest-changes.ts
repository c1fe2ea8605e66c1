/** `updates: 'latest'`: of a table's changes only the newest of each key goes on, once per commit. */
import { Latest } from '../processors/latest.ts'
import { MappedFacts } from '../processors/table-facts.ts'
import { MillraceError } from '../errors.ts'
import { keyCodec } from '../serde/key-codec.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { TableOptions } from './ktable.ts'

/** The table as its readers see it from here on: itself, where every change goes on. */
export function latestOf(table: Cursor, options: Pick<TableOptions, 'updates'>): Cursor {
  const { updates = 'each' } = options
  if (updates === 'each') return table
  if (updates !== 'latest')
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `updates is ${JSON.stringify(updates)}: give 'each' or 'latest'`,
    )
  const above = table.table!
  above.tellOld(true) // a key that comes and goes between two commits is told from one that was there
  const facts = new MappedFacts(above, false)
  const key = table.key ?? keyCodec<unknown>()
  const node = addRow(
    table.build,
    'latest',
    { name: `${table.node.name}.latest` },
    {
      inputs: [table.node],
      reads: [table.node],
      atMostOne: false,
      make: () => new Latest({ key, facts }),
    },
  )
  return { ...table, node, table: facts }
}
