/**
 * Opens the LevelDB directory of an embedded log, and turns the two ways in which this fails into
 * errors that help: another holder (MILLRACE_DIRECTORY_LOCKED, with its pid from the OWNER file)
 * and damage (MILLRACE_LOG_DAMAGED). A lock is never waited for and LOCK is never deleted: the
 * operating system drops it when its holder dies.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Level } from 'level'
import { MillraceError, messageOf } from '../../errors.ts'
import { codeOf, damaged } from './damage.ts'

export type LevelHandle = Level<Buffer, Buffer>

const ownerFile = 'OWNER'

export async function openLevel(location: string): Promise<LevelHandle> {
  await mkdir(location, { recursive: true })
  await refuseHeadless(location)
  const { Level } = await import('level')
  const level: LevelHandle = new Level(location, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  try {
    await level.open()
  } catch (error) {
    const code = codeOf(error)
    if (code === 'LEVEL_LOCKED') throw await locked(location)
    const reason = messageOf((error as { cause?: unknown }).cause ?? error)
    if (code === 'LEVEL_CORRUPTION' || /corruption|no such file/i.test(reason))
      throw damaged(location, reason, error)
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `the embedded log in ${location} cannot be opened: ${reason}`,
      { cause: error },
    )
  }
  await writeFile(join(location, ownerFile), `${process.pid}\n`)
  return level
}

export async function closeLevel(level: LevelHandle): Promise<void> {
  // Before the lock goes: afterwards the file may be the next owner's.
  await rm(join(level.location, ownerFile), { force: true })
  await level.close()
}

/** Without CURRENT LevelDB would begin a new, empty database among the files of the old one. */
async function refuseHeadless(location: string): Promise<void> {
  const files = await readdir(location)
  const data = files.find((file) => /^MANIFEST-|\.(ldb|sst|log)$/.test(file))
  if (data !== undefined && !files.includes('CURRENT'))
    throw damaged(location, `there is ${data} but no CURRENT file`)
}

async function locked(location: string): Promise<MillraceError> {
  const pid = Number.parseInt(await readFile(join(location, ownerFile), 'utf8').catch(() => ''), 10)
  let holder = 'another process'
  if (pid === process.pid)
    holder = `this process (${pid}), through another copy of Millrace or a worker thread,`
  else if (Number.isInteger(pid)) holder = `process ${pid}`
  return new MillraceError(
    'MILLRACE_DIRECTORY_LOCKED',
    `${holder} has the embedded log in ${location} open, and one process can use it at a time: stop that process, or give this one another \`dir\`. Several processes on one log need Kafka`,
  )
}
