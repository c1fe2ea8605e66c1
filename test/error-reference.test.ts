/** The reference of error codes is complete: one heading for each code, and no heading for a code that is gone. */
import { assert } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, errorCodes } from '../packages/core/src/errors.ts'
import { root } from './tidy/files.ts'

const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')
const entries = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((entry) => [entry.slice(0, entry.indexOf('\n')).trim(), entry]),
)

describe('the reference of error codes', () => {
  it('has one heading for each code, in order', () => {
    assert.deepEqual([...entries.keys()], [...errorCodes].sort())
  })

  it('names the family of each code', () => {
    for (const [code, entry] of entries) {
      const { family } = new MillraceError(code as (typeof errorCodes)[number], '')
      assert.include(entry, `*${family}.*`, code)
    }
  })

  it('says for each code what to do', () => {
    for (const [code, entry] of entries) assert.match(entry, /\*\*Remedy:\*\* \S/, code)
  })
})
