import { assert } from 'chai'
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytes, embedded, openEmbedded } from '@millrace/core'
import type { Late } from '@millrace/core'
import { accountRowsOf } from '../src/activity/accounts.ts'
import { Activity } from '../src/activity/activity.ts'
import { deadLettersOf, ledgerOf, scoredOf } from '../src/activity/ledger.ts'
import type { Scored } from '../src/score.ts'
import { Transaction } from '../src/transaction.ts'
import type { Velocity } from '../src/velocity.ts'
import { windowsOf } from './velocity-model.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const nodeArgs = ['--import', import.meta.resolve('tsx'), '--conditions=@millrace/source', main]

interface Line {
  readonly records: number
  readonly outputs: number
  readonly deadLettered: number
  readonly seconds: number
  readonly cpuMicrosPerRecord: number
  readonly out: string
  readonly late: number
  readonly watermarkLagMs: number
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

describe('example 02, npm start', function () {
  this.timeout(120_000)
  let dir: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
    mkdirSync(join(dir, 'tmp'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  function run(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [...nodeArgs, ...args],
        { cwd: dir, env: { ...process.env, TMPDIR: join(dir, 'tmp') } },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        },
      )
    })
  }

  async function runJson(...args: readonly string[]): Promise<Line> {
    const { code, stdout, stderr } = await run('--json', ...args)
    assert.equal(code, 0, stderr)
    assert.equal(stdout.trim().split('\n').length, 1, 'stdout holds the JSON line only')
    return JSON.parse(stdout) as Line
  }

  function linesOf(folder: string): string[] {
    if (!existsSync(folder)) return []
    const files = readdirSync(folder).filter((name) => name.endsWith('.ndjson'))
    return files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
  }

  function rowsOf<T>(folder: string): readonly T[] {
    return linesOf(folder).map((line) => JSON.parse(line) as T)
  }

  /** The windows hold what plain arithmetic makes of the rows of each partition. */
  async function assertWindows(state: string, out: string): Promise<{ late: number; lag: number }> {
    const partitions = new Map<number, Transaction[]>()
    const log = await openEmbedded({ dir: join(dir, state) })
    try {
      for await (const row of log.read(embedded('transactions', { value: bytes() }))) {
        const good = checked(row.value!)
        const before = partitions.get(row.partition)
        if (good !== undefined && before !== undefined) before.push(good)
        else if (good !== undefined) partitions.set(row.partition, [good])
      }
    } finally {
      await log.close()
    }
    const expected = [...partitions.values()].map(windowsOf)
    const late = expected.flatMap((it) => it.late)
    assert.sameDeepMembers(
      [...rowsOf<Velocity>(join(dir, out, 'velocity'))],
      expected.flatMap((it) => it.busy),
    )
    assert.sameMembers(
      rowsOf<Late<Transaction>>(join(dir, out, 'late')).map(({ value }) => value.id),
      late,
    )
    const newest = Math.max(...[...partitions.values()].flat().map(({ at }) => at))
    return { late: late.length, lag: newest - Math.min(...expected.map((it) => it.watermark)) }
  }

  /** Each payment has met the newest row of its account. */
  function assertJoins(out: string): void {
    const { world } = new Activity({ seed: 42 })
    const limits = new Map(accountRowsOf(world).map(({ key, value }) => [key, value.limit]))
    const seen = { 'over the limit': 0, 'no account': 0 }
    for (const { id, user, amount, reasons } of rowsOf<Scored>(join(dir, out, 'scores'))) {
      const limit = limits.get(user)
      assert.equal(reasons.includes('no account'), limit === undefined, id)
      assert.equal(reasons.includes('over the limit'), amount > (limit ?? Infinity), id)
      for (const reason of ['no account', 'over the limit'] as const)
        if (reasons.includes(reason)) seen[reason]++
    }
    assert.isAbove(seen['no account'], 0)
    assert.isAbove(seen['over the limit'], 0)
  }

  it('scores the stream and accounts for every row as the ledger does', async () => {
    const ledger = ledgerOf(new Activity({ seed: 42 }), 0, 2_000)
    const line = await runJson('--records', '2000', '--out', 'here')
    assert.hasAllKeys(line, [
      'records',
      'outputs',
      'deadLettered',
      'seconds',
      'cpuMicrosPerRecord',
      'out',
      'late',
      'watermarkLagMs',
    ])
    assert.equal(line.records, ledger.rows)
    assert.equal(line.outputs, scoredOf(ledger))
    assert.equal(line.deadLettered, deadLettersOf(ledger))
    assert.equal(line.outputs + line.deadLettered + ledger.zeroAmounts, line.records)
    assert.isAbove(line.seconds, 0)
    assert.isAbove(line.cpuMicrosPerRecord, 0)
    assert.equal(linesOf(join(dir, 'here', 'scores')).length, line.outputs)
    assert.equal(linesOf(join(dir, 'here', 'dead-letters')).length, line.deadLettered)
    assert.includeMembers(linesOf(join(line.out, 'scores')), linesOf(join(line.out, 'alerts')))
  })

  it('joins the accounts, closes the windows and counts late rows as plain arithmetic does', async () => {
    const line = await runJson('--records', '20000', '--state', 'state', '--out', 'here')
    const { late, lag } = await assertWindows('state', 'here')
    assertJoins('here')
    assert.isAbove(late, 0)
    assert.equal(line.late, late)
    assert.equal(line.watermarkLagMs, lag)
  })

  it('goes on with a state where the run before it stopped, and repeats nothing', async () => {
    const straight = await runJson('--records', '3000', '--seed', '7', '--out', 'straight')
    const first = await runJson(
      '--records',
      '1000',
      '--seed',
      '7',
      '--state',
      'state',
      '--out',
      'parts',
    )
    const second = await runJson('--records', '3000', '--state', 'state')
    const third = await runJson('--state', 'state')
    assert.deepEqual([first.records, second.records, third.records], [1_000, 2_000, 0])
    assert.equal(second.out, first.out, 'the state knows where it writes')
    for (const folder of ['scores', 'alerts', 'velocity', 'late'])
      assert.deepEqual(
        linesOf(join(dir, 'parts', folder)).sort(),
        linesOf(join(straight.out, folder)).sort(),
      )
  })

  it('loses and repeats nothing when it is killed and started again', async () => {
    const args = ['--records', '60000', '--state', 'state', '--out', 'parts']
    // Once among the windows, and once among the scores.
    await killAt(/[1-9][\d,]* rows read/, args)
    await killAt(/[1-9][\d,]* scored/, args)
    await runJson(...args)
    const ledger = ledgerOf(new Activity({ seed: 42 }), 0, 60_000)
    const scores = linesOf(join(dir, 'parts', 'scores'))
    assert.equal(scores.length, scoredOf(ledger))
    assert.equal(new Set(scores).size, idsOf(60_000).size)
    assert.equal(linesOf(join(dir, 'parts', 'dead-letters')).length, deadLettersOf(ledger))
    const { late } = await assertWindows('state', 'parts')
    assert.isAbove(late, 0)
    assertJoins('parts')
  })

  /** Runs until the progress says so, and ends it at once. */
  async function killAt(progress: RegExp, args: readonly string[]): Promise<void> {
    const killed = spawn(process.execPath, [...nodeArgs, '--json', ...args], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const gone = new Promise((resolve) => killed.once('exit', resolve))
    killed.stderr.on('data', (text: Buffer) => {
      if (progress.test(text.toString())) killed.kill('SIGKILL')
    })
    await gone
  }

  it('stops on SIGTERM with exit code 0, a JSON line, and nothing lost', async () => {
    const args = ['--records', '200000', '--state', 'state', '--out', 'parts', '--json']
    const stopped = spawn(process.execPath, [...nodeArgs, ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    stopped.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
    stopped.stderr.on(
      'data',
      (text: Buffer) => /[1-9][\d,]* scored/.test(text.toString()) && stopped.kill('SIGTERM'),
    )
    const code = await new Promise((resolve) => stopped.once('close', resolve))
    assert.equal(code, 0)
    const line = JSON.parse(stdout) as Line
    assert.isAbove(line.records, 0)
    assert.isBelow(line.records, 200_000)
    assert.equal(linesOf(join(dir, 'parts', 'scores')).length, line.outputs)
    assert.equal(linesOf(join(dir, 'parts', 'dead-letters')).length, line.deadLettered)
  })

  it('ends with a table for people, and leaves no temporary state behind', async () => {
    const { code, stdout } = await run('--records', '500')
    assert.equal(code, 0)
    assert.match(stdout, /transactions read +500/)
    assert.match(stdout, /CPU per row/)
    assert.match(stdout, /windows closed +\d/)
    assert.match(stdout, /late rows +\d/)
    assert.match(stdout, /watermark lag +[\d.]+ s +behind the newest row/)
    assert.match(stdout, /out\/fraud\/[\dT-]+\/scores/)
    assert.isEmpty(readdirSync(join(dir, 'tmp')).filter((name) => name.startsWith('millrace')))
  })

  it('refuses a wrong flag with the usage and exit code 2', async () => {
    for (const args of [
      ['--recrods', '5'],
      ['--records', 'many'],
      ['--records', '-1'],
      ['--seed', '1.5'],
      ['--out', ''],
      ['stray'],
    ]) {
      const { code, stdout, stderr } = await run(...args)
      assert.equal(code, 2, args.join(' '))
      assert.equal(stdout, '')
      assert.match(stderr, /usage: npm start/)
    }
  })

  it('never mixes two runs: a used folder, another seed or a shorter stream is refused', async () => {
    await runJson('--records', '100', '--state', 'state', '--out', 'used')
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, stderr } = await run(...args)
      assert.equal(code, 2, stderr)
      return stderr
    }
    assert.match(
      await refused('--records', '100', '--out', 'used'),
      /holds the output of another run/,
    )
    assert.match(
      await refused('--records', '100', '--state', 'fresh', '--out', 'used'),
      /holds the output of another run/,
    )
    assert.match(await refused('--state', 'state', '--seed', '7'), /--seed 42/)
    assert.match(await refused('--state', 'state', '--records', '50'), /100 rows/)
  })

  /** What was scored at least once: duplicates give equal lines. */
  function idsOf(rows: number): ReadonlySet<string> {
    const activity = new Activity({ seed: 42 })
    const ids = new Set<string>()
    for (let i = 0; i < rows; i++) {
      const { transaction } = activity.arrival(i)
      if (transaction.defect === 'none') ids.add(transaction.id)
    }
    return ids
  }
})

/** The payment in these bytes, if it passes all checks. */
function checked(value: Uint8Array): Transaction | undefined {
  let row: unknown
  try {
    row = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value))
  } catch {
    return undefined
  }
  const { success, data } = Transaction.safeParse(row)
  return success && data.at <= Date.now() ? data : undefined
}
