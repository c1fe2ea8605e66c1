// Rows that are refused: skipped and counted, or written to a dead-letter sink with what a person needs to find and replay
// them. A poison record neither stops the stream nor disappears.
import { expect } from 'chai'
import { embedded } from '../../../src/log/embedded/index.ts'
import { json } from '../../../src/serde/json.ts'
import { msgpack } from '../../../src/serde/msgpack.ts'
import type { Rejected } from '../../../src/topology/graph-node.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, failureOf, ns, numbered, numbersTopic, sleep } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('skipped rows and dead letters', function () {
  this.timeout(15_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const letters = embedded<string, Rejected>('letters', {
    value: msgpack<Rejected>(),
    partitions: 1,
  })

  it('skips failed rows, counts them under a reason, and shows all others', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(100))
    const app = bench.app()
    app
      .stream(topic)
      .mapValues(
        (row) => {
          if (row.n % 10 === 0) throw new Error('round')
          return row
        },
        { name: 'checked', onError: 'skip' },
      )
      .to(partFiles(`${bench.dir}/out`))
    const report = await app.run({ until: 'caught-up' })
    const node = report.nodes.get('checked')!
    expect([...node.reasons]).to.deep.equal([['error', 10]])
    expect(node).to.include({ taken: 100, forwarded: 90, deadLettered: 0 })
    expect(ns(await readParts(`${bench.dir}/out`))).to.have.length(90)
  })

  it('writes a dead letter with node, task, source, split, position, time, key, error, code and the original bytes', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, ['{"n": 0 }', '{"n":  1,  "more": true}', '{"n": 2}'], {
      time: (i) => 1_000 + i,
      key: (i) => `customer-${i}`,
    })
    const app = bench.app()
    app
      .stream(topic)
      .mapValuesAsync(async (row) => ({ ...row, looked: 'up' }))
      .mapValues(
        (row) => {
          if (row.n === 1) throw new RangeError('the price is out of range')
          return row
        },
        { name: 'pricing', onError: { deadLetter: letters.sink } },
      )
      .to(partFiles(`${bench.dir}/out`))
    const report = await app.run({ until: 'caught-up' })
    expect(report.nodes.get('pricing')).to.include({ deadLettered: 1, forwarded: 2 })
    const [letter, ...others] = await bench.read(letters)
    expect(others).to.deep.equal([])
    const { bytes, ...rest } = letter!
    expect(rest).to.deep.equal({
      error: 'the price is out of range',
      code: 'MILLRACE_NODE_FAILED',
      node: 'pricing',
      task: 'orders/0',
      time: 1_001,
      key: 'customer-1',
      source: 'orders',
      split: 'orders:0',
      position: '2',
    })
    expect(Buffer.from(bytes!).toString()).to.equal('{"n":  1,  "more": true}')
  })

  for (const where of ['head', 'middle', 'tail'] as const) {
    it(`dead-letters a record that cannot be decoded at the ${where} of a batch, and goes on`, async () => {
      const topic = numbersTopic('orders')
      const at = { head: 0, middle: 50, tail: 100 }[where]
      const rows: (Numbered | string)[] = numbered(100)
      rows.splice(at, 0, '{"n": broken')
      await bench.fill(topic, rows)
      const app = bench.app()
      app.stream(topic, { onError: { deadLetter: letters.sink } }).to(partFiles(`${bench.dir}/out`))
      const report = await app.run({ until: 'caught-up' })
      expect(report.nodes.get('orders')).to.include({ taken: 101, forwarded: 100, deadLettered: 1 })
      expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal(
        ns(numbered(100).map((value) => ({ value }))),
      )
      const [letter] = await bench.read(letters)
      expect(letter).to.include({
        code: 'MILLRACE_DECODE',
        node: 'orders',
        position: String(at + 1),
      })
      expect(Buffer.from(letter!.bytes!).toString()).to.equal('{"n": broken')
      const again = bench.app()
      again
        .stream(topic, { onError: { deadLetter: letters.sink } })
        .to(partFiles(`${bench.dir}/out`))
      expect((await again.run({ until: 'caught-up' })).rows, 'the position covers it').to.equal(0)
      expect(await bench.read(letters)).to.have.length(1)
    })
  }

  it('moves its position past a topic of nothing but poison', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(
      topic,
      Array.from({ length: 3_000 }, (_, i) => `poison ${i}`),
    )
    const app = bench.app()
    app.stream(topic, { onError: { deadLetter: letters.sink } }).to(partFiles(`${bench.dir}/out`))
    await app.run({ until: 'caught-up' })
    const found = await bench.read(letters)
    expect(found.map(({ bytes }) => Buffer.from(bytes!).toString())).to.deep.equal(
      Array.from({ length: 3_000 }, (_, i) => `poison ${i}`),
    )
    const warnings = bench.logged.filter((line) => line.includes('dead-lettered'))
    expect(warnings.length, 'one line for each power of ten').to.equal(4)
  })

  it('keeps dead letters of an asynchronous step in the order of their rows', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(60))
    const app = bench.app({ onError: { deadLetter: letters.sink } })
    app
      .stream(topic)
      .mapValues((row) => {
        if (row.n % 5 === 0) throw new Error(`early ${row.n}`)
        return row
      })
      .mapValuesAsync(
        async (row) => {
          await sleep((row.n * 7) % 10)
          if (row.n % 3 === 0) throw new Error(`call ${row.n}`)
          return row
        },
        { capacity: 20 },
      )
      .to(partFiles(`${bench.dir}/out`))
    await app.run({ until: 'caught-up' })
    const found = (await bench.read(letters)).map(({ position }) => Number(position) - 1)
    expect(found).to.deep.equal(
      ns(
        numbered(60)
          .filter(({ n }) => n % 5 === 0 || n % 3 === 0)
          .map((value) => ({ value })),
      ),
    )
  })

  it('treats a sink whose write throws like any node: skipped, dead-lettered, or the task stops before the row', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(50))
    const writing = (row: Numbered): void => {
      if (row.n === 20) throw new Error('cannot encode 20')
    }
    const skipping = bench.app({ id: 'skipping' })
    skipping.stream(topic).to(partFiles(`${bench.dir}/skip`, { writing }), { onError: 'skip' })
    await skipping.run({ until: 'caught-up' })
    expect(ns(await readParts(`${bench.dir}/skip`))).to.have.length(49)

    const lettering = bench.app({ id: 'lettering' })
    lettering
      .stream(topic)
      .to(partFiles(`${bench.dir}/dead`, { writing }), { onError: { deadLetter: letters.sink } })
    await lettering.run({ until: 'caught-up' })
    expect((await bench.read(letters)).map(({ error, node }) => [error, node])).to.deep.equal([
      ['cannot encode 20', 'parts:dead'],
    ])

    const failing = bench.app({ id: 'failing' })
    failing.stream(topic).to(partFiles(`${bench.dir}/fail`, { writing }))
    const error = await failureOf(failing.run({ until: 'caught-up' }))
    expect(error.at).to.include({ node: 'parts:fail', split: 'orders:0', position: '21' })
    expect(ns(await readParts(`${bench.dir}/fail`))).to.deep.equal(
      ns(numbered(20).map((value) => ({ value }))),
    )
  })

  it('stops the task when the dead-letter sink itself cannot take the row: it must not disappear', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, [...numbered(5), 'poison', ...numbered(9, 6)])
    const app = bench.app()
    const deadLetter = partFiles<Rejected>(`${bench.dir}/dead`, {
      writing: () => {
        throw new Error('no room for letters')
      },
    })
    app.stream(topic, { onError: { deadLetter } }).to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.message).to.contain('no room for letters')
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal([0, 1, 2, 3, 4])
  })

  it('stops the task when a dead letter cannot be told from the letters of another sink of the same name', async () => {
    const topic = numbersTopic('orders')
    await bench.fill(topic, numbered(4))
    const app = bench.app()
    const one = partFiles<Rejected>(`${bench.dir}/one`, { target: 'letters' })
    const other = partFiles<Rejected>(`${bench.dir}/other`, { target: 'letters' })
    app
      .stream(topic)
      .mapValues(
        (row) => {
          if (row.n === 1) throw new Error('first')
          return row
        },
        { onError: { deadLetter: one } },
      )
      .mapValues(
        (row) => {
          if (row.n === 2) throw new Error('second')
          return row
        },
        { onError: { deadLetter: other } },
      )
      .to(partFiles(`${bench.dir}/out`))
    const error = await failureOf(app.run({ until: 'caught-up' }))
    expect(error.code).to.equal('MILLRACE_DUPLICATE_NAME')
    expect(error.message).to.contain('letters')
  })

  it('takes malformed, oversized and polluting records as dead letters, each with its reason', async () => {
    const topic = embedded<string, Numbered>('orders', {
      value: json<Numbered>({ bytesMax: 100 }),
      partitions: 1,
    })
    await bench.fill(topic, [
      '{"n": 1',
      `{"n": 2, "text": "${'x'.repeat(200)}"}`,
      '{"n": 3, "__proto__": {"admin": true}}',
      '',
      '{"n": 5}',
    ])
    const app = bench.app()
    app.stream(topic, { onError: { deadLetter: letters.sink } }).to(partFiles(`${bench.dir}/out`))
    await app.run({ until: 'caught-up' })
    const found = await bench.read(letters)
    expect(found.map(({ code }) => code)).to.deep.equal([
      'MILLRACE_DECODE',
      'MILLRACE_RECORD_TOO_LARGE',
      'MILLRACE_DECODE',
      'MILLRACE_DECODE',
    ])
    expect(found.map(({ error }) => error).join('\n')).to.match(
      /ends too early[^]*bytesMax[^]*__proto__[^]*empty/,
    )
    expect(ns(await readParts(`${bench.dir}/out`))).to.deep.equal([5])
  })
})
