/** A shell command stands for the server: what counts here is how it is started and ended. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { assert } from 'chai'
import { isAlive } from './is-alive.ts'
import { type ServerCommand, type ServerProcess, startProcess } from './process.ts'

describe('a server process', () => {
  let folder: string
  let server: ServerProcess | undefined

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-process-'))
  })

  afterEach(async () => {
    await server?.kill()
    server = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  const shell = (script: string, readyWithinMs = 5_000): ServerCommand => ({
    name: 'the shell server',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(folder, 'server.log'),
    pidFile: join(folder, 'pid'),
    ready: (log) => log.includes('ready'),
    readyWithinMs,
  })

  it('has started when its log says so, and is known by a file while it runs', async () => {
    server = await startProcess(shell('sleep 0.2; echo ready; sleep 60'))
    assert.equal(readFileSync(join(folder, 'server.log'), 'utf8'), 'ready\n')
    assert.equal(readFileSync(join(folder, 'pid'), 'utf8'), `${server.pid}\n`)
    assert.isTrue(isAlive(server.pid))

    await server.stop()
    assert.isFalse(server.running)
    assert.isFalse(isAlive(server.pid))
    assert.isFalse(existsSync(join(folder, 'pid')))
  })

  it('is not taken for ready by what an earlier start has logged', async () => {
    writeFileSync(join(folder, 'server.log'), 'ready\n')
    const error = await failureOf(startProcess(shell('echo broken; exit 3')))
    assert.include(error.message, 'the shell server ended before it was ready (exit code 3)')
    assert.match(error.message, /:\nbroken$/)
  })

  it('shows the last 20 lines of its log when it ends before it is ready', async () => {
    const error = await failureOf(startProcess(shell('seq 1 30; exit 1')))
    const lines = Array.from({ length: 20 }, (_, i) => i + 11)
    assert.isTrue(error.message.endsWith(`:\n${lines.join('\n')}`), error.message)
  })

  it('is ended when it is not ready in time', async () => {
    const error = await failureOf(startProcess(shell('echo $$; sleep 60', 300)))
    assert.include(error.message, 'was not ready within 300 ms')
    assert.isFalse(isAlive(Number(error.message.split('\n').at(-1))))
  })

  it('that cannot be started says so', async () => {
    const error = await failureOf(startProcess({ ...shell(''), command: '/nowhere/server' }))
    assert.include(error.message, 'the shell server could not be started')
    assert.include(error.message, 'ENOENT')
  })

  it('is not started a second time over the same files', async () => {
    server = await startProcess(shell('echo ready; sleep 60'))
    const error = await failureOf(startProcess(shell('echo ready; sleep 60')))
    assert.include(error.message, `the shell server already runs as process ${server.pid}`)
    assert.isTrue(server.running)
  })

  it('is started again over the files of one that came to a bad end', async () => {
    writeFileSync(join(folder, 'pid'), '99999999\n')
    server = await startProcess(shell('echo ready; sleep 60'))
    assert.isTrue(server.running)
  })

  it('that does not heed SIGTERM is killed', async () => {
    const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
    server = await startProcess(shell(stubborn))
    await server.stop(200)
    assert.isFalse(isAlive(server.pid))
  })

  it('is given time to end in order', async () => {
    const orderly =
      'trap "sleep 0.2; echo bye; exit" TERM; echo ready; while :; do sleep 0.05; done'
    server = await startProcess(shell(orderly))
    await server.stop()
    assert.match(readFileSync(join(folder, 'server.log'), 'utf8'), /bye\n$/)
  })

  it('stands still while it is frozen, and can be stopped in that state', async () => {
    const counting = 'echo ready; while :; do echo tick; sleep 0.02; done'
    server = await startProcess(shell(counting))
    server.freeze()
    await sleep(50)
    const frozen = readFileSync(join(folder, 'server.log'), 'utf8')
    await sleep(200)
    assert.equal(readFileSync(join(folder, 'server.log'), 'utf8'), frozen)

    server.thaw()
    await sleep(200)
    assert.isAbove(readFileSync(join(folder, 'server.log'), 'utf8').length, frozen.length)

    server.freeze()
    await server.stop(2_000)
    assert.isFalse(isAlive(server.pid))
  })

  it('takes its own child processes with it', async () => {
    server = await startProcess(
      shell('sleep 60 & echo $! > "$0"; echo ready; wait'.replace('$0', join(folder, 'child'))),
    )
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'))
    assert.isTrue(isAlive(child))
    await server.kill()
    await untilGone(child)
  })

  for (const { title, end } of [
    { title: 'reaches its end', end: 'process.exit(0)' },
    { title: 'is killed', end: "process.kill(process.pid, 'SIGKILL')" },
    { title: 'is interrupted', end: "process.kill(process.pid, 'SIGINT')" },
  ]) {
    it(`and its temporary folder are gone when the process that started it ${title}`, async () => {
      const { pid, path } = await startElsewhere(end)
      await untilGone(pid)
      for (let i = 0; i < 100 && existsSync(path); i++) await sleep(50)
      assert.isFalse(existsSync(path))
    }).timeout(20_000)
  }
})

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)

/** Starts a server and a temporary folder in a Node process of its own, which then ends. */
async function startElsewhere(end: string): Promise<{ pid: number; path: string }> {
  const script = `
    import { startProcess } from ${here('process.ts')}
    import { temporaryFolder } from ${here('temporary-folder.ts')}
    const { path } = temporaryFolder('millrace-process-')
    const { pid } = await startProcess({
      name: 'server', command: '/bin/sh', args: ['-c', 'echo ready; sleep 60'],
      logFile: path + '/server.log', pidFile: path + '/pid', ready: (log) => log.includes('ready'),
    })
    console.log(JSON.stringify({ pid, path }))
    setTimeout(() => { ${end} }, 100)`
  const node = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(node.stdout)) {
    return JSON.parse(line) as { pid: number; path: string }
  }
  throw new Error('it ended without a word')
}

async function failureOf(start: Promise<unknown>): Promise<Error> {
  try {
    await start
  } catch (error) {
    return error as Error
  }
  throw new Error('it started')
}

async function untilGone(pid: number): Promise<void> {
  for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(50)
  assert.isFalse(isAlive(pid), `process ${pid} still runs`)
}
