import { assert } from 'chai'
import { TestDriver } from '@millrace/core/testing'
import type { TestInputTopic } from '@millrace/core/testing'
import type { Rejected } from '@millrace/core'
import { Activity } from '../src/activity/activity.ts'
import { deadLettersOf, ledgerOf, scoredOf } from '../src/activity/ledger.ts'
import { defaultRules } from '../src/activity/rules.ts'
import { app } from '../src/pipeline.ts'
import type { Scored } from '../src/score.ts'
import type { Transaction } from '../src/transaction.ts'

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
    await driver.settle()
    const ledger = ledgerOf(activity, 0, rows)
    assert.equal(driver.counters('transactions').taken, ledger.rows)
    assert.equal(driver.counters('transactions').deadLettered, ledger.malformed)
    assert.equal(driver.counters('schema').deadLettered, ledger.invalid)
    assert.equal(driver.counters('event-time').deadLettered, ledger.future)
    assert.equal(driver.counters('charged').filtered, ledger.zeroAmounts)
    assert.equal(driver.counters('scores').forwarded, scoredOf(ledger))
    assert.equal(driver.createOutputTopic('scores').queueSize, scoredOf(ledger))
    assert.equal(
      driver.createOutputTopic('dead-letter:ndjson:dead-letters').queueSize,
      deadLettersOf(ledger),
    )
    for (const node of driver.nodes) assert.isTrue(driver.counters(node).conserved, node)
  })

  it('gives the same scores in the same order however the rows were fetched', async () => {
    const scores = async (batchRows: number): Promise<readonly Scored[]> => {
      const driver = drive({ batchRows })
      const activity = new Activity({ seed: 9 })
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
      await driver.settle()
      return driver.createOutputTopic<string, Scored>('scores').readValuesToList()
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
    await driver.settle()
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
    await driver.settle()
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
    }
    await driver.settle()
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

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString())
    return true
  } catch {
    return false
  }
}
