import { assert } from 'chai'
import { TestDriver } from '@millrace/core/testing'
import type { TestInputTopic } from '@millrace/core/testing'
import type { Late, Rejected } from '@millrace/core'
import { accountRowsOf } from '../src/activity/accounts.ts'
import { Activity } from '../src/activity/activity.ts'
import { deadLettersOf, ledgerOf, scoredOf } from '../src/activity/ledger.ts'
import { defaultRules } from '../src/activity/rules.ts'
import { app } from '../src/pipeline.ts'
import type { Scored } from '../src/score.ts'
import { Transaction } from '../src/transaction.ts'
import type { Velocity } from '../src/velocity.ts'
import { windowsOf } from './velocity-model.ts'

const rows = 5_000
const now = Date.UTC(2024, 0, 1)

describe('example 02, the pipeline', function () {
  this.timeout(30_000)

  function drive(options: { batchRows?: number; startTime?: number } = {}): TestDriver {
    return new TestDriver(app({ records: rows }), { startTime: now, ...options })
  }

  function transactions(driver: TestDriver): TestInputTopic<string, unknown> {
    return driver.createInputTopic<string, unknown>('transactions')
  }

  function pipeActivity(driver: TestDriver, activity: Activity): void {
    const input = transactions(driver)
    for (let i = 0; i < rows; i++) {
      const { key, value, timestamp } = activity.row(i)
      input.pipeBytes(Buffer.from(key), value, timestamp)
    }
  }

  function pipeAccounts(driver: TestDriver, activity: Activity): void {
    const input = driver.createInputTopic<string, unknown>('accounts')
    for (const { key, value, timestamp } of accountRowsOf(activity.world))
      input.pipeInput(key, value, timestamp)
  }

  /** What was found good goes on to the scoring side; a log does that in a run. */
  async function carry(driver: TestDriver): Promise<readonly Transaction[]> {
    const good = driver
      .createOutputTopic<string, Transaction>('embedded:checked')
      .readRecordsToList()
    driver
      .createInputTopic<string, unknown>('checked')
      .pipeRecordList(good.map(({ key, value, timestamp }) => ({ key, value, timestamp })))
    await driver.settle()
    return good.map(({ value }) => value)
  }

  function windowsIn(driver: TestDriver): { busy: readonly Velocity[]; late: readonly string[] } {
    return {
      busy: driver.createOutputTopic<string, Velocity>('velocity').readValuesToList(),
      late: driver
        .createOutputTopic<string, Late<Transaction>>('ndjson:late')
        .readValuesToList()
        .map(({ value }) => value.id),
    }
  }

  const usual = (more: Partial<Transaction> = {}): Transaction => ({
    id: 't1',
    user: 'u00001',
    terminal: 'm00001',
    amount: 20,
    x: 1,
    y: 1,
    at: Date.UTC(2023, 0, 1, 12),
    ...more,
  })

  it('sends the rows of the generator as they are, bad ones included', () => {
    const driver = drive()
    const activity = new Activity()
    const input = driver.createInputTopic<string, Uint8Array>('activity')
    for (let i = 0; i < 100; i++) {
      const { key, value, timestamp } = activity.row(i)
      input.pipeInput(key, value, timestamp)
    }
    const sent = driver
      .createOutputTopic<string, Uint8Array>('embedded:transactions')
      .readRecordsToList()
    assert.deepEqual(
      sent.map(({ key, value, timestamp }) => ({ key, value: Buffer.from(value), timestamp })),
      Array.from(
        { length: 100 },
        (_, i) => activity.row(i) as { key: string; value: Buffer; timestamp: number },
      ),
    )
  })

  it('accounts for every row as the ledger does, and for the right reason', async () => {
    const driver = drive()
    // Zero amounts are off by default.
    const activity = new Activity({ stream: { ...defaultRules.stream, zeroAmounts: 20_000 } })
    pipeActivity(driver, activity)
    await carry(driver)
    const ledger = ledgerOf(activity, 0, rows)
    assert.equal(driver.counters('transactions').taken, ledger.rows)
    assert.equal(driver.counters('transactions').deadLettered, ledger.malformed)
    assert.equal(driver.counters('schema').deadLettered, ledger.invalid)
    assert.equal(driver.counters('event-time').deadLettered, ledger.future)
    assert.equal(driver.counters('charged').filtered, ledger.zeroAmounts)
    assert.equal(driver.counters('scores').forwarded, scoredOf(ledger))
    assert.equal(driver.createOutputTopic('scores').queueSize, scoredOf(ledger))
    const windows = driver.counters('windows')
    assert.equal(windows.taken, scoredOf(ledger))
    assert.equal(windows.absorbed + windows.late, windows.taken)
    assert.equal(
      driver.createOutputTopic('dead-letter:ndjson:dead-letters').queueSize,
      deadLettersOf(ledger),
    )
    for (const node of driver.nodes) assert.isTrue(driver.counters(node).conserved, node)
  })

  it('gives the same in the same order however the rows were fetched', async () => {
    const scores = async (batchRows: number): Promise<readonly unknown[]> => {
      const driver = drive({ batchRows })
      const activity = new Activity({ seed: 9 })
      pipeAccounts(driver, activity)
      const input = transactions(driver)
      const good = Array.from({ length: 500 }, (_, i) => activity.row(i)).filter(({ value }) =>
        isJson(value),
      )
      input.pipeRecordList(
        good.map(({ key, value, timestamp }) => ({
          key,
          value: JSON.parse(Buffer.from(value).toString()) as unknown,
          timestamp,
        })),
      )
      await carry(driver)
      const { busy, late } = windowsIn(driver)
      return [...busy, ...late, ...driver.createOutputTopic('scores').readValuesToList()]
    }
    const all = await scores(1_000)
    assert.isNotEmpty(all)
    assert.deepEqual(await scores(1), all)
    assert.deepEqual(await scores(7), all)
  })

  it('raises an alert for an amount far above the usual one, and none for a coffee', async () => {
    const driver = drive()
    const input = transactions(driver)
    input.pipeInput('u00001', usual({ id: 'coffee', amount: 3 }))
    input.pipeInput('u00001', usual({ id: 'watch', amount: 5_000 }))
    await carry(driver)
    const scores = driver.createOutputTopic<string, Scored>('scores').readKeyValuesToList()
    assert.deepEqual(
      scores.map(([key, { id }]) => [key, id]),
      [
        ['u00001', 'coffee'],
        ['u00001', 'watch'],
      ],
    )
    const alerts = driver.createOutputTopic<string, Scored>('alerts').readValuesToList()
    assert.deepEqual(
      alerts.map(({ id }) => id),
      ['watch'],
    )
    assert.includeMembers([...alerts[0]!.reasons], ['large amount', 'unusual amount'])
  })

  it('counts each payment in its windows, closes them in time, and tells which payments were too late', () => {
    const driver = drive()
    const activity = new Activity({ stream: { ...defaultRules.stream, offline: 20_000 } })
    pipeActivity(driver, activity)
    const { busy, late } = windowsIn(driver)
    const expected = windowsOf(paymentsOf(activity, rows))
    assert.isNotEmpty(expected.busy)
    assert.isNotEmpty(expected.late)
    assert.sameDeepMembers([...busy], [...expected.busy])
    assert.deepEqual(late, expected.late)
    assert.equal(driver.counters('windows').late, expected.late.length)
    assert.equal(driver.counters('windows').made, expected.closed)
  })

  it('counts the same in its windows when it dies again and again', () => {
    const driver = drive()
    const activity = new Activity({ stream: { ...defaultRules.stream, offline: 20_000 } })
    const input = transactions(driver)
    const crashing = 1_500
    for (let i = 0; i < crashing; i++) {
      const { key, value, timestamp } = activity.row(i)
      input.pipeBytes(Buffer.from(key), value, timestamp)
      if (i % 100 === 50) driver.crash()
    }
    const expected = windowsOf(paymentsOf(activity, crashing))
    const { busy, late } = windowsIn(driver)
    assert.isNotEmpty(expected.busy)
    assert.isNotEmpty(expected.late)
    assert.sameDeepMembers([...busy], [...expected.busy])
    assert.deepEqual(late, expected.late)
  })

  it('meets the newest row of each account, before and after it died', async () => {
    const driver = drive()
    const accounts = driver.createInputTopic<string, unknown>('accounts')
    accounts.pipeInput('u00001', { user: 'u00001', limit: 100 }, 0)
    accounts.pipeInput('u00001', { user: 'u00001', limit: 10 }, 1)
    accounts.pipeInput('u00002', { user: 'u00002', limit: 100 }, 2)
    const input = transactions(driver)
    for (const user of ['u00001', 'u00002', 'u00099']) {
      input.pipeInput(user, usual({ id: user, user, amount: 11 }))
      await carry(driver)
      driver.crash()
    }
    const scores = driver.createOutputTopic<string, Scored>('scores').readValuesToList()
    const ofAccounts = ['over the limit', 'no account']
    assert.deepEqual(
      scores.map(({ id, reasons }) => [id, ...reasons.filter((it) => ofAccounts.includes(it))]),
      [['u00001', 'over the limit'], ['u00002'], ['u00099', 'no account']],
    )
  })

  it('dead-letters what cannot be read with the reason and the bytes, and goes on', async () => {
    const driver = drive()
    const input = transactions(driver)
    const bad = [
      Buffer.from('{"id":'),
      Buffer.from('{"id":"t0"}'),
      Buffer.from(JSON.stringify(usual({ at: now + 600_000 }))),
      Buffer.from('{"__proto__":{"admin":true}}'),
    ]
    for (const bytes of bad) input.pipeBytes(Buffer.from('u00001'), bytes)
    input.pipeInput('u00001', usual())
    await carry(driver)
    const letters = driver
      .createOutputTopic<unknown, Rejected>('dead-letter:ndjson:dead-letters')
      .readValuesToList()
    assert.deepEqual(
      letters.map(({ node }) => node),
      ['transactions', 'schema', 'event-time', 'transactions'],
    )
    assert.deepEqual(
      letters.map(({ bytes }) => Buffer.from(bytes!)),
      bad,
    )
    for (const { error } of letters) assert.isNotEmpty(error)
    assert.equal(driver.createOutputTopic('scores').queueSize, 1)
  })

  it('repeats nothing and loses nothing when it dies between two rows', async () => {
    const driver = drive({ startTime: 0 })
    const input = transactions(driver)
    for (let i = 0; i < 20; i++) {
      input.pipeInput('u00001', usual({ id: `t${i}`, at: i }))
      if (i % 7 === 3) driver.crash()
      await carry(driver)
    }
    const ids = driver
      .createOutputTopic<string, Scored>('scores')
      .readValuesToList()
      .map(({ id }) => id)
    assert.deepEqual(
      ids,
      Array.from({ length: 20 }, (_, i) => `t${i}`),
    )
  })
})

/** The payments that pass all checks, in the order of their rows. */
function* paymentsOf(activity: Activity, rows: number): Generator<Transaction> {
  for (let i = 0; i < rows; i++) {
    const { value } = activity.row(i)
    if (activity.arrival(i).transaction.defect === 'none')
      yield Transaction.parse(JSON.parse(Buffer.from(value).toString()))
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString())
    return true
  } catch {
    return false
  }
}
