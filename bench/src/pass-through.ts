/**
 * One or eight synchronous operators that keep every row: what is measured is the way through them, not their work. The last
 * operator is the one that consumes the row, in each of the three versions.
 */
import type { Checksum } from './checksum.ts'
import { sourceOf } from './run-app.ts'
import type { BenchRow, Event } from './rows.ts'
import type { Workload } from './workload.ts'

const hasAmount = (value: Event): boolean => value.amount >= 0
const same = (value: Event): Event => value
const hasId = (value: Event): boolean => value.id >= 0
const sameAgain = (value: Event): Event => value
const knownKind = (value: Event): boolean => value.kind < 4

export const passThrough1: Workload = {
  build: (stream, into) => stream.foreach((value) => into.add(value)),
  bare: (rows, into) => {
    for (const row of rows) into.add(row.value)
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
      .peek((value) => void (into.peeked += value.id & 1))
      .filter(knownKind)
      .foreach((value) => into.add(value)),
  bare: (rows, into) => {
    for (const row of rows) {
      if (!hasAmount(row.value)) continue
      const one = same(row.value)
      into.peeked += one.kind
      if (!hasId(one)) continue
      const two = sameAgain(one)
      into.peeked += two.id & 1
      if (!knownKind(two)) continue
      into.add(two)
    }
  },
  awaited: passThrough8Awaited,
}

/**
 * The same eight operators, each asynchronous, each awaited once per row. The rows come through the same source port as the
 * engine's, a batch at a time, so that what differs is the awaiting. Nothing else is added: no counters, time or commits.
 */
async function passThrough8Awaited(rows: readonly BenchRow[], into: Checksum): Promise<void> {
  const first = awaited(hasAmount)
  const second = awaited(same)
  const third = awaited((value) => void (into.peeked += value.kind))
  const fourth = awaited(hasId)
  const fifth = awaited(sameAgain)
  const sixth = awaited((value) => void (into.peeked += value.id & 1))
  const seventh = awaited(knownKind)
  const eighth = awaited((value) => into.add(value))
  const { port, decode } = await sourceOf(rows)
  for (let batch = port.poll(1_000); batch !== undefined; batch = port.poll(1_000)) {
    for (let i = 0; i < batch.length; i++) {
      const value = decode(batch, i)
      if (!(await first(value))) continue
      const one = await second(value)
      await third(one)
      if (!(await fourth(one))) continue
      const two = await fifth(one)
      await sixth(two)
      if (!(await seventh(two))) continue
      await eighth(two)
    }
  }
  await port.close('rows:0')
}

/** An operator that could wait and does not. */
function awaited<T>(work: (value: Event) => T): (value: Event) => Promise<T> {
  // oxlint-disable-next-line typescript/require-await -- that it need not wait is the point
  return async (value) => work(value)
}
