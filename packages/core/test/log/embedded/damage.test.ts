// Damage is an error that says what to do, never a hole.
import { expect } from 'chai'
import { Level } from 'level'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEmbedded } from '../../../src/log/embedded/index.ts'
import { batchKey } from '../../../src/log/embedded/keys.ts'
import { tempDir } from '../temp-dir.ts'
import { errorOf, one, textRows, valuesIn } from './rows.ts'

describe('a damaged embedded log', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  beforeEach(async () => {
    temp = await tempDir()
    const log = await openEmbedded({ dir: temp.dir })
    for (let i = 0; i < 5; i++) await log.append(one, textRows(10, i * 10))
    await log.close()
  })
  afterEach(() => temp.remove())

  const tamper = async (work: (level: Level<Buffer, Buffer>) => Promise<void>): Promise<void> => {
    const level = new Level<Buffer, Buffer>(join(temp.dir, 'log'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    })
    await level.open()
    await work(level)
    await level.close()
  }
  const readAll = async (): Promise<unknown> => {
    const log = await openEmbedded({ dir: temp.dir })
    try {
      return await valuesIn(log, one)
    } finally {
      await log.close()
    }
  }
  const expectDamage = async (...words: readonly string[]): Promise<void> => {
    const error = await errorOf(readAll)
    expect(error.code).to.equal('MILLRACE_LOG_DAMAGED')
    for (const word of ['backup', temp.dir, ...words]) expect(error.message).to.contain(word)
  }

  it('says so when a batch is missing in the middle', async () => {
    await tamper((level) => level.del(batchKey('one', 0, 29)))
    await expectDamage('from offset 20 to 29')
  })

  it('says so when the newest batch is missing', async () => {
    await tamper((level) => level.del(batchKey('one', 0, 49)))
    await expectDamage('ends at offset 50')
  })

  it('says so when a byte of a batch is another', async () => {
    await tamper(async (level) => {
      const value = await level.get(batchKey('one', 0, 19))
      value[value.length - 3]! ^= 1
      await level.put(batchKey('one', 0, 19), value)
    })
    await expectDamage('checksum')
  })

  it('says so when a later release wrote it', async () => {
    await tamper(async (level) => {
      const value = await level.get(batchKey('one', 0, 19))
      value[0] = 9
      await level.put(batchKey('one', 0, 19), value)
    })
    await expectDamage('format 9')
  })

  it('does not begin anew when CURRENT is missing', async () => {
    await rm(join(temp.dir, 'log', 'CURRENT'))
    await expectDamage('CURRENT')
    await expectDamage('CURRENT')
  })

  it('does not begin anew when the manifest is damaged', async () => {
    const manifest = (await readdir(join(temp.dir, 'log'))).find((file) =>
      file.startsWith('MANIFEST'),
    )!
    const path = join(temp.dir, 'log', manifest)
    const bytes = await readFile(path)
    bytes.fill(0xff, 0, 20)
    await writeFile(path, bytes)
    await expectDamage()
    await rm(path)
    await expectDamage()
  })
})
