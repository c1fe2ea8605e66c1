// What other processes do to the log: hold it, die in it, load it.
import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMillraceError } from '../../../src/errors.ts'
import { openEmbedded } from '../../../src/log/embedded/index.ts'
import { tempDir } from '../temp-dir.ts'
import { runChild } from './child.ts'
import { errorOf, one, valuesIn } from './rows.ts'

describe('the embedded log and other processes', function () {
  this.timeout(60_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  beforeEach(async () => {
    temp = await tempDir()
  })
  afterEach(() => temp.remove())

  it('refuses a directory that another process holds, naming it and the directory, and opens it afterwards', async () => {
    const child = runChild('holding-program.ts', temp.dir)
    await child.until((lines) => lines.includes('open'))
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await errorOf(() => openEmbedded({ dir: temp.dir }))
      expect(isMillraceError(error)).to.equal(true)
      expect(error.code).to.equal('MILLRACE_DIRECTORY_LOCKED')
      expect(error.message).to.contain(`process ${child.pid}`).and.to.contain(temp.dir)
    }
    child.process.stdin!.end()
    await child.exited
    const producer = await openEmbedded({ dir: temp.dir })
    expect(await valuesIn(producer, one)).to.deep.equal(['from the child'])
    expect(await readFile(join(temp.dir, 'log', 'OWNER'), 'utf8')).to.equal(`${process.pid}\n`)
    await producer.close()
  })

  it('loses no acknowledged append and leaves no gap when its process is killed, again and again', async () => {
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      const child = runChild('appending-program.ts', temp.dir)
      await child.until((lines) => lines.length >= 400)
      child.process.kill('SIGKILL')
      await child.exited
      // The producers' marks survive: a new life begins with seqs of the former one, which write
      // nothing.
      acknowledged.push(...child.lines.filter((line) => /^\d+ \d+ \d+ \d+$/.test(line)))
    }
    expect(acknowledged.length).to.be.at.least(1200)
    const producer = await openEmbedded({ dir: temp.dir })
    const values = await valuesIn(producer, one)
    for (const line of acknowledged) {
      const [lane, seq, first, last] = line.split(' ').map(Number) as [
        number,
        number,
        number,
        number,
      ]
      const expected = Array.from({ length: last - first + 1 }, (_, i) => `${lane}:${seq}:${i}`)
      expect(values.slice(first, last + 1)).to.deep.equal(expected)
    }
    expect(new Set(values).size, 'nothing stands twice').to.equal(values.length)
    for (const lane of [0, 1, 2]) {
      const seqs = values
        .filter((value) => value!.startsWith(`${lane}:`) && value!.endsWith(':0'))
        .map((value) => Number(value!.split(':')[1]))
      expect(seqs).to.deep.equal(seqs.map((_, i) => i))
    }
    const { parts } = await producer.append(one, [{ key: 'a', value: 'next' }])
    expect(parts[0]!.first).to.equal(values.length)
    await producer.close()
  })

  it('loads LevelDB when the log is opened, and not before', async () => {
    const child = runChild('spec-program.ts', temp.dir)
    await child.exited
    expect(child.lines).to.deep.equal(['false false true'])
  })
})
