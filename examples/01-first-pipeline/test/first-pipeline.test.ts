import { assert } from 'chai'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const node = promisify(execFile)

describe('example 01, a first pipeline', function () {
  this.timeout(60_000)
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'millrace-first-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  async function run(): Promise<string> {
    const { stdout } = await node(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      '--conditions=@millrace/source',
      main,
      dir,
    ])
    return stdout
  }

  async function hot(): Promise<{ sensor: string; fahrenheit: number }[]> {
    const files = (await readdir(join(dir, 'hot'))).filter((name) => name.endsWith('.ndjson'))
    const texts = await Promise.all(
      files.sort().map((name) => readFile(join(dir, 'hot', name), 'utf8')),
    )
    return texts
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  it('keeps the hot readings, in order and converted', async () => {
    const expected = Array.from({ length: 1_000 }, (_, i) => ({
      sensor: `sensor-${i % 5}`,
      celsius: (i * 37) % 60,
    }))
      .filter(({ celsius }) => celsius > 50)
      .map(({ sensor, celsius }) => ({ sensor, fahrenheit: (celsius * 9) / 5 + 32 }))
    assert.include(await run(), `1000 readings, ${expected.length} hot ones`)
    assert.deepEqual(await hot(), expected)
  })

  it('writes nothing twice when it is run again', async () => {
    await run()
    const before = await hot()
    assert.include(await run(), '0 readings, 0 hot ones')
    assert.deepEqual(await hot(), before)
  })
})
