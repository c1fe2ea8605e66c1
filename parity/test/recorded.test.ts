// The recorded cases of Kafka Streams and Flink, in every way of running them: no output may differ, nor the input that
// made it leave, nor the count of drops.
import { expect } from 'chai'
import { join } from 'node:path'
import { readCases } from '../src/case.ts'
import { checkCase } from '../src/check-case.ts'
import { plainMode } from '../src/run/modes.ts'
import type { Mode } from '../src/run/modes.ts'
import { memoryStores, openStores } from '../src/run/stores.ts'
import type { Stores } from '../src/run/stores.ts'

const files = readCases(join(import.meta.dirname, '../cases'))

const ways: readonly (readonly [string, Partial<Mode>])[] = [
  ['one row at a time', {}],
  ['in one batch per run of rows of a split', { batch: 'all' }],
  ['in batches cut at random', { batch: 'random', seed: 11 }],
  ['with a commit and a crash after each input', { restore: true }],
  ['with one row per slice of what is owed', { drain: 1 }],
]

describe('recorded cases', function () {
  this.timeout(60_000)

  for (const [way, mode] of ways)
    it(`come out as recorded ${way}`, async () => {
      expect(await failuresOf({ ...plainMode, ...mode }, memoryStores)).deep.equal([])
    })

  it('come out as recorded with all state on disk', async () => {
    const stores = await openStores('level')
    try {
      expect(await failuresOf({ ...plainMode, store: 'level' }, stores)).deep.equal([])
    } finally {
      await stores.close()
    }
  })
})

/** And most cases must have been comparable at all. */
async function failuresOf(mode: Mode, stores: Stores): Promise<readonly string[]> {
  const failures: string[] = []
  let passed = 0
  for (const file of files) {
    if ('problem' in file) failures.push(`${file.name}: ${file.problem}`)
    else
      for (const test of file.cases) {
        const verdict = await checkCase(test, mode, stores)
        if (verdict.kind === 'failed') failures.push(`${test.name}: ${verdict.because}`)
        if (verdict.kind === 'passed') passed++
      }
  }
  if (failures.length === 0) expect(passed).greaterThan(150)
  return failures
}
