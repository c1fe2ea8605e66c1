/** The suite of sinks, on the sink of core, and on sinks that break the contract in one point each. */
import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embedded, openEmbedded } from '../../../src/log/embedded/index.ts'
import { string } from '../../../src/serde/string.ts'
import { sinkSuite } from '../../../src/testing/conformance/sink.ts'
import type { SinkSubject } from '../../../src/testing/conformance/sink.ts'
import { listOptions, subjectWith } from './list-sink.ts'
import type { Fault } from './list-sink.ts'

const text = (n: number, bytes: number): string => `${n}:`.padEnd(bytes, 'x')
const numberOf = (value: string): number => Number(value.split(':', 1)[0])

async function embeddedSubject(): Promise<SinkSubject<string>> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-sink-'))
  const topic = embedded('out', { value: string(), partitions: 3 })
  return {
    sink: topic.sink,
    dir,
    value: text,
    unwritable: () => 1 as never,
    visible: async () => {
      const log = await openEmbedded({ dir })
      const numbers: number[] = []
      if (log.topics().some(({ name }) => name === 'out')) {
        for await (const { value } of log.read(topic)) numbers.push(numberOf(value!))
      }
      await log.close()
      return numbers
    },
    dispose: () => rm(dir, { recursive: true, force: true }),
  }
}

describe('conformance of sinks', () => {
  describe('embedded topic', () => {
    const options = { fullAtBytes: 32 * 1024 * 1024, refuses: true }
    for (const { title, run } of sinkSuite(embeddedSubject, options)) it(title, run)
  })

  describe('a sink in memory', () => {
    for (const { title, run } of sinkSuite(subjectWith(), listOptions)) it(title, run)
  })

  const broken: readonly [Fault, string][] = [
    ['writes at once', 'shows nothing before it is published, and every row behind that'],
    ['keeps what it gave', 'forgets with a freeze what it gave away'],
    ['publishes twice', 'shows a commit once when it is published twice'],
    ['trusts its memory', 'shows a commit once when its owner died behind publishing it'],
    ['ignores the task', 'keeps the same commit of two tasks apart'],
    ['keeps the object', 'copies or encodes a row on entry'],
    [
      'leaves the full row',
      'says that it is full, takes that row all the same, and has room after a freeze',
    ],
    ['turns rows round', 'keeps the order of the rows of a key, within a commit and over commits'],
  ]
  for (const [fault, title] of broken) {
    it(`finds a sink that ${fault}`, async () => {
      const found = sinkSuite(subjectWith(fault), listOptions).find((c) => c.title === title)
      const error: unknown = await found!.run().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).to.have.property('name', 'ConformanceError')
    })
  }
})
