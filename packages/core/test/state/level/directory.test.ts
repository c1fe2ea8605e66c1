// The directory of a task's state: a cache of the checkpoint, used by one process at a time, never repaired.
import { expect } from 'chai'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realEnv } from '../../../src/env.ts'
import { isMillraceError } from '../../../src/errors.ts'
import { level } from '../../../src/level.ts'
import { dueStore, keyValueStore } from '../../../src/state/key-value.ts'
import type { TaskState } from '../../../src/state/state.ts'
import { runChild } from '../../log/embedded/child.ts'
import { errorOf } from '../../log/embedded/rows.ts'
import { tempDir } from '../../log/temp-dir.ts'

const rows = keyValueStore<string, number>('rows')

describe('the directory of state on disk', function () {
  this.timeout(60_000)
  let temp: Awaited<ReturnType<typeof tempDir>>
  let place: string
  const logged: string[] = []
  beforeEach(async () => {
    temp = await tempDir()
    logged.length = 0
    place = join(temp.dir, 'state', 'app', 'orders%2Feu', '0')
  })
  afterEach(() => temp.remove())

  const env = realEnv({ log: (at, message) => void logged.push(`${at} ${message}`) })
  const open = (task: string = '0'): Promise<TaskState> =>
    level().open({ app: 'app', subTopology: 'orders/eu', task, env, dir: temp.dir })

  async function fill(state: TaskState): Promise<void> {
    const store = state.open(rows)
    for (let i = 0; i < 2_500; i++) store.put(`key-${i}`, i)
    state.freeze()
    state.decided()
    expect(state.unapplied).to.be.above(0)
    await state.apply()
    expect(state.unapplied).to.equal(0)
  }

  it('is one directory a task, with names encoded, and says whose it is', async () => {
    const state = await open()
    const owner: unknown = JSON.parse(await readFile(join(place, 'OWNER'), 'utf8'))
    expect(owner).to.deep.equal({
      app: 'app',
      subTopology: 'orders/eu',
      task: '0',
      pid: process.pid,
    })
    await state.close()
    expect(await readdir(place)).not.to.include('OWNER')
  })

  it('begins empty, whatever the last owner left', async () => {
    const first = await open()
    await fill(first)
    await first.close()
    const second = await open()
    expect(second.open(rows).get('key-1')).to.equal(undefined)
    await second.close()
    expect(logged).to.deep.equal([])
  })

  it('begins empty when the last owner was killed, and says so', async () => {
    const child = holding()
    await child.until((lines) => lines.includes('open'))
    child.process.kill('SIGKILL')
    await child.exited
    const state = await open()
    expect(state.open(rows).get('key-1')).to.equal(undefined)
    await state.close()
    expect(logged.join()).to.match(/^info .* left by process \d+ for this task: it is wiped/)
  })

  it('wipes what is damaged, and what belongs to another task, with a warning', async () => {
    const first = await open()
    await fill(first)
    await first.close()
    for (const file of await readdir(place))
      if (/^(MANIFEST|.*\.log|.*\.ldb)/.test(file)) await writeFile(join(place, file), 'damage')
    await writeFile(
      join(place, 'OWNER'),
      '{"app":"other","subTopology":"orders","task":"7","pid":1}',
    )
    const state = await open()
    expect(state.open(rows).get('key-1')).to.equal(undefined)
    await state.close()
    expect(logged.join()).to.match(/^warn .* for task 7 of orders, app other: it is wiped/)
  })

  it('refuses a directory that another process holds, naming both, and touches nothing in it', async () => {
    const child = holding()
    await child.until((lines) => lines.includes('open'))
    const before = await readdir(place)
    const error = await errorOf(() => open())
    expect(isMillraceError(error) && error.code).to.equal('MILLRACE_DIRECTORY_LOCKED')
    expect(error.message).to.contain(`process ${child.pid}`).and.to.contain(place)
    expect(await readdir(place)).to.deep.equal(before)
    child.process.stdin!.end()
    expect(await child.exited).to.equal(0)
    await (await open()).close()
  })

  it('refuses a second owner in one process, and lets tasks lie side by side', async () => {
    const state = await open()
    const other = await open('1')
    const error = await errorOf(() => open())
    expect(isMillraceError(error) && error.code).to.equal('MILLRACE_DIRECTORY_LOCKED')
    expect(error.message).to.contain('this process')
    await state.close()
    await other.close()
    await (await open()).close()
  })

  it('says where, when the directory cannot be made', async () => {
    await mkdir(join(temp.dir, 'state'))
    await writeFile(join(temp.dir, 'state', 'app'), 'a file')
    const error = await errorOf(() => open())
    expect(isMillraceError(error) && error.code).to.equal('MILLRACE_CONFIG')
    expect(error.message).to.contain(join(temp.dir, 'state', 'app'))
  })

  it('fails with an error of its own when the disk cannot be read', async () => {
    const spec = level({ dir: temp.dir, cacheEntries: 1 })
    const state = await spec.open({ app: 'a', subTopology: 's', task: '0', env, dir: temp.dir })
    const ordered = state.open(keyValueStore<string, number>('ordered', { ordered: true }))
    ordered.put('a', 1)
    ordered.put('b', 1)
    state.freeze()
    state.decided()
    await state.apply()
    await state.close()
    const read = (): unknown => [...ordered.all()]
    expect(read).to.throw(/cannot be read or written/)
  })

  it('gives up its share of memory when it is closed', async () => {
    const spec = level({ dir: temp.dir, memory: 4 * 2 ** 20 })
    const ctx = { app: 'a', subTopology: 's', env, dir: temp.dir }
    for (let task = 0; task < 3; task++) {
      const state = await spec.open({ ...ctx, task: String(task) })
      const store = state.open(keyValueStore<string, string>('rows'))
      const due = state.open(dueStore<string>('due'))
      for (let i = 0; i < 3_000; i++) store.put(`key-${i}`, 'x'.repeat(100))
      due.put(1, Uint8Array.of(1), 'x')
      state.freeze()
      state.decided()
      expect(state.unapplied, `task ${task}`).to.be.within(1, 2)
      await state.close()
    }
  })

  function holding(): ReturnType<typeof runChild> {
    return runChild('../../state/level/holding-program.ts', temp.dir)
  }
})
