/**
 * A real server as a plain process of its own: detached (else Ctrl-C would end it before the tests
 * have cleaned up), output in a log file, process id in a file beside it, ready when its owner says
 * so. It is signalled through the handle that started it, never by name and never by a process id
 * read from somewhere, so that no process is ended which we did not start.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './is-alive.ts'
import { lastLines, logSince } from './log-file.ts'
import { onOwnDeath } from './watchdog.ts'

export interface ServerCommand {
  /** Names the server in errors: `Kafka node 1`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Standard output and error are appended here. */
  readonly logFile: string
  /** Holds the process id while the server runs. */
  readonly pidFile: string
  /** Asked every 50 ms with what this start has logged so far. An open port is no answer. */
  readonly ready: (log: string) => boolean | Promise<boolean>
  readonly readyWithinMs?: number
}

export interface ServerProcess {
  readonly pid: number
  readonly running: boolean
  /** SIGTERM, and SIGKILL to what is left after the time; resolves when the process is gone. */
  stop(withinMs?: number): Promise<void>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open and are still accepted, nothing is answered. */
  freeze(): void
  thaw(): void
}

/** Throws when the server that wrote the file still runs: two over the same data destroy it. */
export function refuseSecond({ name, pidFile }: Pick<ServerCommand, 'name' | 'pidFile'>): void {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  if (pid === 0 || !isAlive(pid)) return
  throw new Error(
    `${name} already runs as process ${pid}; if that is something else, remove ${pidFile}`,
  )
}

/** Resolves when the server is ready; one that does not get there is ended before this throws. */
export async function startProcess(command: ServerCommand): Promise<ServerProcess> {
  refuseSecond(command)
  mkdirSync(dirname(command.logFile), { recursive: true })
  mkdirSync(dirname(command.pidFile), { recursive: true })
  const log = openSync(command.logFile, 'a')
  const logStart = statSync(command.logFile).size
  const child = spawn(command.command, command.args, {
    env: { ...process.env, ...command.env },
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error]
    throw new Error(`${command.name} could not be started: ${error.message}`, { cause: error })
  }
  const server = new DetachedProcess(child, child.pid, command.pidFile)
  try {
    await untilReady(server, command, logStart)
  } catch (error) {
    await server.kill()
    const tail = lastLines(logSince(command.logFile, logStart), 20)
    const because = error instanceof Error ? error.message : String(error)
    const message = `${command.name} ${because}; the end of ${command.logFile}:\n${tail}`
    throw new Error(message, { cause: error })
  }
  return server
}

class DetachedProcess implements ServerProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  /** How it ended, once it did: `exit code 1`, `SIGKILL`. */
  end: string | undefined

  constructor(child: ChildProcess, pid: number, pidFile: string) {
    this.#child = child
    this.pid = pid
    // The minus names the process group that `detached` made: the server and its own children.
    const release = onOwnDeath('kill -s KILL -- "-$1"; rm -f -- "$2"', `${pid}`, resolve(pidFile))
    writeFileSync(pidFile, `${pid}\n`)
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.end = signal ?? `exit code ${code}`
        release()
        rmSync(pidFile, { force: true })
        resolve()
      })
    })
    child.unref()
  }

  get running(): boolean {
    return this.end === undefined
  }

  async stop(withinMs = 15_000): Promise<void> {
    this.#signal('SIGTERM')
    this.#signal('SIGCONT')
    const patience = new AbortController()
    const tooLate = sleep(withinMs, undefined, { signal: patience.signal }).catch(() => undefined)
    await Promise.race([this.#gone, tooLate])
    patience.abort()
    await this.kill()
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    // An unreferenced child does not keep us awake for its own end.
    this.#child.ref()
    await this.#gone
  }

  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  /** While we have not seen its end, its id is not used again: the kernel keeps it for us. */
  #signal(signal: NodeJS.Signals): void {
    if (!this.running) return
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

async function untilReady(
  server: DetachedProcess,
  { ready, logFile, readyWithinMs = 60_000 }: ServerCommand,
  logStart: number,
): Promise<void> {
  const deadline = performance.now() + readyWithinMs
  for (;;) {
    await sleep(50)
    if (server.end !== undefined) throw new Error(`ended before it was ready (${server.end})`)
    if (await ready(logSince(logFile, logStart))) return
    if (performance.now() > deadline) throw new Error(`was not ready within ${readyWithinMs} ms`)
  }
}
