/**
 * Opens the directory of one task: `{dir}/{app}/{sub-topology}/{task}`. It is a cache of the checkpoint, so what lies there is
 * wiped first; LevelDB's lock is taken for that, so a directory in use is refused, and LOCK itself is never deleted by hand.
 *
 * OWNER says whose it is: for people, for the error of a lock, and to notice what should not be there.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { encodeSegment } from '../../checkpoint/object-store.ts'
import { MillraceError, isMillraceError, messageOf } from '../../errors.ts'
import type { StateContext, TaskState } from '../state.ts'
import type { Budget, DatabaseBytes } from './budget.ts'
import type { LevelHandle } from './disk.ts'
import { LevelTaskState } from './task-state.ts'

/** In Node `level` is `classic-level`, whose types know more. */
const classic = Level as unknown as { destroy(location: string): Promise<void> }
const ownerFile = 'OWNER'
/** Each open table keeps its index in memory. */
const openFilesMax = 500

interface Owner {
  readonly app: string
  readonly subTopology: string
  readonly task: string
  readonly pid: number
}

export async function openTaskState(
  ctx: StateContext,
  dir: string | undefined,
  budget: Budget,
): Promise<TaskState> {
  const { app, subTopology, task } = ctx
  const place = [app, subTopology, task].map(encodeSegment)
  const location = join(dir ?? join(ctx.dir, 'state'), ...place)
  const owner = { app, subTopology, task, pid: process.pid }
  const bytes = budget.opened()
  try {
    await mkdir(location, { recursive: true })
    await wipe(location, owner, ctx)
    const level = await openLevel(location, bytes)
    await writeFile(join(location, ownerFile), `${JSON.stringify(owner)}\n`)
    return new LevelTaskState(level, new Uint8Array(0), budget, async () => {
      budget.closed()
      // Before the lock goes: afterwards the file may be the next owner's.
      await rm(join(location, ownerFile), { force: true })
      await level.close()
    })
  } catch (error) {
    budget.closed()
    throw isMillraceError(error) ? error : await failure(location, error)
  }
}

export async function openLevel(location: string, bytes: DatabaseBytes): Promise<LevelHandle> {
  const level: LevelHandle = new Level(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    ...bytes,
    maxOpenFiles: openFilesMax,
  })
  try {
    await level.open()
  } catch (error) {
    throw await failure(location, error)
  }
  return level
}

async function wipe(location: string, owner: Owner, { env }: StateContext): Promise<void> {
  const files = await readdir(location)
  if (files.length === 0) return
  const left = await ownerOf(location)
  if (left !== undefined) {
    const same = (['app', 'subTopology', 'task'] as const).every((it) => left[it] === owner[it])
    const whose = same ? 'this task' : `task ${left.task} of ${left.subTopology}, app ${left.app}`
    env.log(
      same ? 'info' : 'warn',
      `the local state in ${location} was left by process ${left.pid} for ${whose}: it is wiped, and restored from the checkpoint`,
    )
  }
  try {
    await classic.destroy(location)
  } catch (error) {
    throw await failure(location, error)
  }
  // LevelDB removes the directory when nothing else is in it.
  await mkdir(location, { recursive: true })
}

async function failure(location: string, error: unknown): Promise<MillraceError> {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  const reason = messageOf(cause ?? error)
  if (
    (cause?.code ?? code) === 'LEVEL_LOCKED' ||
    /already held|temporarily unavailable/i.test(reason)
  ) {
    const owner = await ownerOf(location)
    const holder =
      owner === undefined
        ? 'another process'
        : owner.pid === process.pid
          ? `this process (${owner.pid})`
          : `process ${owner.pid}`
    return new MillraceError(
      'MILLRACE_DIRECTORY_LOCKED',
      `${holder} has the local state in ${location} open, and one task at a time can use it: stop that process, or give this one another \`dir\` in level({ dir })`,
      { cause: error },
    )
  }
  return new MillraceError(
    'MILLRACE_CONFIG',
    `the local state in ${location} cannot be opened: ${reason}. It is a cache of the checkpoint: with the app stopped, the directory may be deleted`,
    { cause: error },
  )
}

/** Undefined where nobody has it open, or nobody of ours wrote it. */
async function ownerOf(location: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(location, ownerFile), 'utf8')) as Owner
  } catch {
    return undefined
  }
}
