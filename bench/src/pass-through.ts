/** One or eight synchronous operators that keep every row: what is measured is the way through them, not their work. */
import type { Checksum } from './checksum.ts'
import type { BenchRow, Event } from './rows.ts'
import type { Workload } from './workload.ts'

const hasAmount = (value: Event): boolean => value.amount >= 0
const hasId = (value: Event): boolean => value.id >= 0
const knownKind = (value: Event): boolean => value.kind < 4
const same = (value: Event): Event => value
const sameAgain = (value: Event): Event => value
const still = (value: Event): Event => value

export const passThrough1: Workload = {
  build: (stream, into) => stream.mapValues(same).foreach((value) => into.add(value)),
  bare: (rows, into) => {
    for (const row of rows) into.add(same(row.value))
  },
}

export const passThrough8: Workload = {
  build: (stream, into) =>
    stream
      .filter(hasAmount)
      .mapValues(same)
      .peek((value) => void (into.peeked += value.kind))
      .filter(hasId)
      .mapValues(sameAgain)
      .peek((value) => void (into.peeked += value.kind))
      .filter(knownKind)
      .mapValues(still)
      .foreach((value) => into.add(value)),
  bare: (rows, into) => {
    const look = (value: Event): void => void (into.peeked += value.kind)
    for (const row of rows) {
      if (!hasAmount(row.value)) continue
      const first = same(row.value)
      look(first)
      if (!hasId(first)) continue
      const second = sameAgain(first)
      look(second)
      if (!knownKind(second)) continue
      into.add(still(second))
    }
  },
  awaited: passThrough8Awaited,
}

/** The same eight functions, each asynchronous, each awaited once per row. Nothing else is added. */
async function passThrough8Awaited(rows: readonly BenchRow[], into: Checksum): Promise<void> {
  const first = awaited(hasAmount)
  const second = awaited(same)
  const third = awaited((value) => void (into.peeked += value.kind))
  const fourth = awaited(hasId)
  const fifth = awaited(sameAgain)
  const sixth = awaited((value) => void (into.peeked += value.kind))
  const seventh = awaited(knownKind)
  const eighth = awaited(still)
  for (const row of rows) {
    if (!(await first(row.value))) continue
    const one = await second(row.value)
    await third(one)
    if (!(await fourth(one))) continue
    const two = await fifth(one)
    await sixth(two)
    if (!(await seventh(two))) continue
    into.add(await eighth(two))
  }
}

// oxlint-disable-next-line typescript/require-await -- an operator that could wait and does not: that is the point
function awaited<T>(work: (value: Event) => T): (value: Event) => Promise<T> {
  return async (value) => work(value)
}
