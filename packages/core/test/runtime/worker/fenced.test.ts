// Two writers of one checkpoint: one of them wins every commit, the other stops and makes nothing visible (law 6).
import { expect } from 'chai'
import { join } from 'node:path'
import { fs } from '../../../src/checkpoint/fs/index.ts'
import { createApp } from '../../../src/app.ts'
import type { App } from '../../../src/app.ts'
import { isMillraceError } from '../../../src/errors.ts'
import { openEmbedded } from '../../../src/log/embedded/index.ts'
import { partFiles, readParts } from '../../process/part-files.ts'
import { Bench, numbered, numbersTopic, sleep } from './bench.ts'
import type { Numbered } from './bench.ts'

describe('two apps on one checkpoint', function () {
  this.timeout(20_000)
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const orders = numbersTopic('orders')
  const rows = 3_000

  it('lets one go on and stops the other with MILLRACE_FENCED, and every row becomes visible once', async () => {
    const apps: App[] = []
    const written = new Map<string, number>()
    for (const name of ['one', 'other']) {
      const dir = join(bench.dir, name)
      const log = await openEmbedded({ dir })
      await log.append(
        orders,
        numbered(rows).map((value) => ({ key: 'k', value, timestamp: value.n })),
      )
      await log.close()
      const app = createApp({
        id: 'shared',
        dir,
        env: bench.env,
        checkpoint: fs(join(bench.dir, 'checkpoint'), { every: '10ms' }),
      })
      app
        .stream(orders)
        .mapValuesAsync(
          async (row: Numbered) => {
            await sleep(1)
            return row
          },
          { capacity: 16 },
        )
        .to(
          partFiles(join(bench.dir, 'out'), {
            target: 'out',
            publishing: () => void written.set(name, (written.get(name) ?? 0) + 1),
          }),
        )
      apps.push(app)
    }
    const outcomes = await Promise.all(
      apps.map(async (app, i) => {
        await sleep(i * 150)
        return await app.run({ until: 'caught-up' }).then(
          () => 'done',
          (error: unknown) => error,
        )
      }),
    )
    const loser = outcomes.findIndex((outcome) => outcome !== 'done')
    const error = outcomes[loser]
    if (!isMillraceError(error)) throw error
    expect(error.code).to.equal('MILLRACE_FENCED')
    expect(error.family).to.equal('fenced')
    expect(error.message).to.contain('another process runs app shared').and.to.contain('another id')
    expect(apps[loser]!.state).to.equal('ERROR')
    expect(outcomes[1 - loser]).to.equal('done')
    const values = (await readParts(join(bench.dir, 'out'))).map(
      ({ value }) => (value as Numbered).n,
    )
    expect(values).to.deep.equal(numbered(rows).map(({ n }) => n))
    expect(
      [...written.values()].reduce((a, b) => a + b),
      'both did work',
    ).to.be.above(written.get('one') ?? 0)
  })
})
