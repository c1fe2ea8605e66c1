/** One operator that does something: `map` makes a new object of each row, `filter` drops three rows of four. */
import type { Event } from './rows.ts'
import type { Workload } from './workload.ts'

const doubled = (value: Event): Event => ({
  id: value.id,
  amount: value.amount * 2,
  kind: value.kind,
})
const first = (value: Event): boolean => value.kind === 0

export const map: Workload = {
  build: (stream, into) => stream.mapValues(doubled).foreach((value) => into.add(value)),
  bare: (rows, into) => {
    for (const row of rows) into.add(doubled(row.value))
  },
}

export const filter: Workload = {
  build: (stream, into) => stream.filter(first).foreach((value) => into.add(value)),
  bare: (rows, into) => {
    for (const row of rows) if (first(row.value)) into.add(row.value)
  },
}
