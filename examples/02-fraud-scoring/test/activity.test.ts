import { assert } from 'chai'
import { createHash } from 'node:crypto'
import { accountRowsOf } from '../src/activity/accounts.ts'
import { Activity } from '../src/activity/activity.ts'
import { arrivalsOf, countOf } from '../src/activity/day.ts'
import { ledgerOf } from '../src/activity/ledger.ts'
import { poisson, poissonTable } from '../src/activity/poisson.ts'
import { Random, use } from '../src/activity/random.ts'
import { accountChanges, defaultRules } from '../src/activity/rules.ts'

describe('example 02, the generated activity', function () {
  this.timeout(30_000)

  function digest(activity: Activity, from: number, to: number): string {
    const hash = createHash('sha256')
    for (let i = from; i < to; i++) {
      const { key, value, timestamp } = activity.row(i)
      hash.update(`${key} ${timestamp} `).update(value).update('\n')
    }
    return hash.digest('hex')
  }

  it('gives the standard sets byte for byte, on every version of Node', () => {
    assert.equal(
      digest(new Activity(), 0, 20_000),
      '00699afae7fb3aa7287d31f8444cc56ea413e2b32757d213ee5a19d05e46a740',
    )
    assert.equal(
      digest(new Activity({ seed: 2 ** 53 - 1 }), 1_000_000, 1_002_000),
      'b73d3f692f2fc0e1cc3856dc989f2abf0ab097b775d613f87087945ec17f7a41',
    )
  })

  it('gives a row by its index alone, whatever was asked before', () => {
    const forwards = new Activity({ seed: 7 })
    const rows = Array.from({ length: 12_000 }, (_, i) => forwards.row(i))
    const anywhere = new Activity({ seed: 7 })
    for (let n = 0, i = 5_000; n < 300; n++, i = (i + 7_919) % rows.length)
      assert.deepEqual(anywhere.row(i), rows[i])
  })

  it('gives other rows for another seed, also where only the high bits differ', () => {
    const digests = [1, 2, 1 + 2 ** 32].map((seed) => digest(new Activity({ seed }), 0, 500))
    assert.equal(new Set(digests).size, 3)
  })

  it('counts the rows of a day without making them', () => {
    const { world } = new Activity({ seed: 3 })
    for (const day of [0, 1, 40]) assert.equal(countOf(world, day), arrivalsOf(world, day).length)
  })

  it('keeps a ledger near the rates that were asked for', () => {
    const rows = 100_000
    const stream = { ...defaultRules.stream, zeroAmounts: 5_000 }
    const ledger = ledgerOf(new Activity({ seed: 5, stream }), 0, rows)
    const near = (count: number, perMillion: number, name: string): void => {
      const expected = (rows * perMillion) / 1_000_000
      assert.closeTo(count, expected, 5 * Math.sqrt(expected), name)
    }
    assert.equal(ledger.rows, rows)
    near(ledger.duplicates, stream.duplicates, 'duplicates')
    near(ledger.delayed, stream.delayed, 'delayed')
    near(ledger.offline, stream.offline, 'offline')
    near(ledger.malformed, stream.malformed, 'malformed')
    near(ledger.invalid, stream.invalid, 'invalid')
    near(ledger.future, stream.future, 'future')
    near(ledger.zeroAmounts, stream.zeroAmounts, 'zero amounts')
    for (const fraud of ['largeAmounts', 'skimmed', 'stolenCards'] as const)
      assert.isAbove(ledger[fraud], 0, fraud)
  })

  it('makes none of what has the rate zero', () => {
    const stream = {
      delayed: 0,
      delayMsMax: 20_000,
      offline: 0,
      offlineSecondsMax: 7_200,
      duplicates: 0,
      malformed: 0,
      invalid: 0,
      future: 0,
      zeroAmounts: 0,
    }
    const { duplicates, delayed, outOfOrder, malformed, invalid, future, zeroAmounts } = ledgerOf(
      new Activity({ stream }),
      0,
      20_000,
    )
    assert.deepEqual(
      { duplicates, delayed, outOfOrder, malformed, invalid, future, zeroAmounts },
      {
        duplicates: 0,
        delayed: 0,
        outOfOrder: 0,
        malformed: 0,
        invalid: 0,
        future: 0,
        zeroAmounts: 0,
      },
    )
  })

  it('bounds the disorder of all rows but those of offline terminals, and repeats duplicates byte for byte', () => {
    const activity = new Activity({ seed: 11 })
    const first = new Map<string, Buffer>()
    let newest = -Infinity
    let duplicates = 0
    let offlines = 0
    for (let i = 0; i < 20_000; i++) {
      const { transaction, offline } = activity.arrival(i)
      const { delayMsMax, offlineSecondsMax } = defaultRules.stream
      assert.isAtMost(newest - transaction.at, offline ? offlineSecondsMax * 1_000 : delayMsMax)
      if (offline) offlines++
      newest = Math.max(newest, transaction.at)
      const bytes = Buffer.from(activity.row(i).value)
      const before = first.get(transaction.id)
      first.set(transaction.id, bytes)
      if (before === undefined) continue
      duplicates++
      assert.isTrue(before.equals(bytes), transaction.id)
    }
    assert.isAbove(duplicates, 0)
    assert.isAbove(offlines, 0)
  })

  it('gives all customers but every hundredth an account, and changes some, before the first transaction', () => {
    const { world } = new Activity({ seed: 17 })
    const rows = accountRowsOf(world)
    assert.deepEqual(accountRowsOf(new Activity({ seed: 17 }).world), rows)
    assert.notDeepEqual(accountRowsOf(new Activity({ seed: 18 }).world), rows)
    assert.equal(new Set(rows.map(({ key }) => key)).size, 1_980)
    assert.equal(rows.length, 1_980 + accountChanges)
    assert.isFalse(rows.some(({ key }) => key.endsWith('99')))
    let before = -Infinity
    for (const { key, value, timestamp } of rows) {
      assert.equal(value.user, key)
      const { meanCents } = world.customers[Number(key.slice(1))]!
      assert.include(
        [2, 3, 4, 5].map((times) => Math.ceil((meanCents * times) / 100)),
        value.limit,
      )
      assert.isAtLeast(timestamp, before)
      assert.isBelow(timestamp, world.rules.startMs)
      before = timestamp
    }
  })

  it('keeps customers to terminals within the radius, and compromised ones compromised for their days', () => {
    const { world } = new Activity({ seed: 13 })
    for (const { x, y, near } of world.customers) {
      for (const terminal of near) {
        const place = world.terminals[terminal]!
        if (near.length > 1)
          assert.isAtMost((place.x - x) ** 2 + (place.y - y) ** 2, defaultRules.radius ** 2)
      }
    }
    const before = world.skimmersOn(99)
    const on = world.skimmersOn(100)
    const fresh = [...on].filter((terminal) => !before.has(terminal))
    assert.isAtMost(fresh.length, 2)
    for (const terminal of fresh) {
      assert.isTrue(world.skimmersOn(127).has(terminal))
    }
    assert.isAtMost(world.stolenCardsOn(100).size, 3 * 14)
  })

  it('samples as the distributions say', () => {
    const random = new Random().to(1, use.day, 0)
    const table = poissonTable(128) // a mean of two
    const n = 100_000
    let sum = 0
    let normals = 0
    let squares = 0
    for (let i = 0; i < n; i++) {
      sum += poisson(table, random.next())
      const normal = random.normal16() / 65_536
      normals += normal
      squares += normal * normal
    }
    assert.closeTo(sum / n, 2, 0.03)
    assert.closeTo(normals / n, 0, 0.02)
    assert.closeTo(squares / n, 1, 0.02)
    assert.equal(poisson(poissonTable(0), 0xffff_ffff), 0)
  })
})
