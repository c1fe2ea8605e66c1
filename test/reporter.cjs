// The mocha reporter of the whole repository. One line per test file; then every failure in full, with
// the command that replays it when it was random; then every skipped test with its reason, so that
// nothing is left out quietly; and as the very last line `N passed, N failed, N skipped`, which
// scripts read. A reason is given by `skipBecause` in test/support/skip.ts.
// CommonJS because mocha loads reporters by require, and older Node warns when that meets ESM.

'use strict'

const path = require('node:path')
const { reporters } = require('mocha')

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined
/** @param {number} code @param {string} text */
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
/** @param {string} text */
const say = (text) => void process.stdout.write(`${text}\n`)

module.exports = class Reporter extends reporters.Base {
  /** @param {import('mocha').Runner} runner @param {import('mocha').MochaOptions} options */
  constructor(runner, options) {
    super(runner, options)
    const total = { passed: 0, failed: 0, skipped: 0 }
    /** @type {{ name: string, passed: number, failed: number, skipped: number, since: number, till: number } | undefined} */
    let file
    /** @type {Map<string, string[]>} */
    const skipped = new Map()

    const flush = () => {
      if (file === undefined) return
      const counts = [`${file.passed} passed`]
      if (file.failed > 0) counts.push(paint(31, `${file.failed} failed`))
      if (file.skipped > 0) counts.push(paint(33, `${file.skipped} skipped`))
      const mark = file.failed > 0 ? paint(31, 'FAIL') : paint(32, ' ok ')
      const ms = Math.round(file.till - file.since)
      say(`  ${mark}  ${file.name}  ${counts.join(', ')} ${paint(90, `(${ms} ms)`)}`)
      file = undefined
    }
    /** @param {any} runnable @param {'passed' | 'failed' | 'skipped'} kind */
    const count = (runnable, kind) => {
      const name = fileOf(runnable)
      if (file?.name !== name) {
        flush()
        file = { name, passed: 0, failed: 0, skipped: 0, since, till: since }
      }
      since = performance.now()
      file[kind]++
      file.till = since
      total[kind]++
    }
    let since = performance.now()

    runner.on('start', () => {
      const seed = process.env.MILLRACE_SEED
      if (seed !== undefined) say(`  seed ${seed}, from MILLRACE_SEED`)
    })
    runner.on('pass', (test) => count(test, 'passed'))
    runner.on('fail', (test) => count(test, 'failed'))
    runner.on('pending', (test) => {
      count(test, 'skipped')
      const reason = reasonOf(test)
      skipped.set(reason, [...(skipped.get(reason) ?? []), `${fileOf(test)} > ${test.fullTitle()}`])
    })
    runner.once('end', () => {
      flush()
      if (this.failures.length > 0) {
        reporters.Base.list(this.failures)
        for (const test of this.failures) {
          const seed = seedOf(test)
          if (seed !== undefined) {
            // the runner reads it as a regular expression, and the shell as a string
            const title = test.fullTitle().replaceAll(/[^\w ,:;'/-]/g, '.')
            say(`  seed ${seed}; replay: MILLRACE_SEED=${seed} npm test -- --grep "${title}"`)
          }
        }
      }
      for (const [reason, titles] of skipped) {
        say(`\n  ${paint(33, 'SKIPPED')} because ${reason}:`)
        for (const title of titles) say(`    ${title}`)
      }
      say(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
    })
  }
}

/** A hook has no file of its own, and a suite inside a file inherits it. @param {any} runnable @returns {string} */
function fileOf(runnable) {
  for (let at = runnable; at; at = at.parent) {
    if (at.file) return path.relative(process.cwd(), at.file)
  }
  return '(no file)'
}

/** @param {any} test @returns {string} */
function reasonOf(test) {
  for (let at = test; at; at = at.parent) if (at.because) return at.because
  return test.fn ? 'no reason was given' : 'it has no body yet'
}

/** @param {any} test @returns {string | undefined} */
function seedOf(test) {
  return /\bseed[:=]? ?(-?\d+)/i.exec(String(test.err?.message ?? ''))?.[1]
}
