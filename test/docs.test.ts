// The examples in README and docs are programs: every ```ts block compiles, runs, and prints what the
// page says. How a block is marked is described in docs/fences.ts.
import { assert } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { differences, fencesOf, nameOf, programOf } from './docs/fences.ts'
import { compileFences, runFence, writeFences } from './docs/run.ts'
import { filesUnder, root } from './tidy/files.ts'

/** Outlines that are not even compiled; raise it only with a reason. */
const fragmentsMax = 5

const pages = ['README.md', ...filesUnder('docs').filter((path) => path.endsWith('.md'))]
const fences = pages.flatMap((page) => fencesOf(page, textOf(page)))
const compiled = fences.filter((fence) => fence.kind !== 'fragment')
const folder = join(root, 'docs/.generated/pages')

describe('the examples in README and docs', function () {
  this.timeout(150_000)
  let errors = new Map<string, string[]>()

  before(async () => {
    writeFences(folder, compiled)
    if (compiled.length > 0) errors = await compileFences(folder, compiled)
  })

  it('are blocks the compiler can be asked about', () => {
    assert.deepEqual(errors.get('') ?? [], [])
  })

  it(`leave at most ${fragmentsMax} outlines unchecked`, () => {
    const outlines = fences.filter((fence) => fence.kind === 'fragment')
    assert.isAtMost(outlines.length, fragmentsMax)
  })

  for (const fence of compiled) {
    const what = fence.kind === 'run' ? 'compiles, runs and prints what it says' : 'compiles'
    it(`${fence.page}:${fence.line} ${what}`, async () => {
      const refused = errors.get(nameOf(fence)) ?? []
      if (refused.length > 0) assert.fail(refused.join('\n'))
      if (fence.kind === 'no-run') return
      const run = await runFence(folder, fence)
      assert.isTrue(run.ok, run.output)
      const wrong = differences(fence, programOf(fence).expected, run.printed)
      if (wrong.length > 0) assert.fail(`${wrong.join('\n')}\n${run.output}`)
    })
  }
})

function textOf(page: string): string {
  try {
    return readFileSync(join(root, page), 'utf8')
  } catch {
    return '' // a page that is not written yet has no examples
  }
}
