/**
 * The file system of the sink: the only file of this folder that touches it.
 *
 *   publish = write .tmp/{name}.{id}, fsync it, link(.tmp/{name}.{id}, {name}), unlink .tmp/{name}.{id}, fsync of the directory
 *
 * - link is the publication: the name appears with whole, durable content, or not at all. rename would replace what is
 *   there, and writing in place would leave a torn file behind a crash.
 * - EEXIST with equal content: published before, by this task or a former owner, who may have died before its fsync of
 *   the directory; so that is done again. With other content: someone else writes here, and nothing may be replaced.
 * - What a crash leaves in .tmp is swept by the next owner of the task.
 */
import type { Stats } from 'node:fs'
import { link, lstat, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '@millrace/core'
import type { SinkContext } from '@millrace/core/sink'
import { errnoOf, sinkFailure } from './failure.ts'
import { isPartOf, partName } from './part-name.ts'
import type { PartDirectory } from './port.ts'

type Place = Pick<SinkContext, 'env' | 'app' | 'subTopology' | 'task' | 'node'>

/** Makes the directory, durably, and removes what a former owner of the task left half-written. */
export async function openPartDirectory(
  dir: string,
  prefix: string,
  place: Place,
): Promise<PartDirectory> {
  const path = resolve(dir)
  try {
    await makeDurable(path)
    await sweep(join(path, '.tmp'), prefix)
  } catch (error) {
    throw sinkFailure('open the directory', path, error, coordinates(place))
  }
  return new NodePartDirectory(path, prefix, place)
}

class NodePartDirectory implements PartDirectory {
  readonly #path: string
  readonly #prefix: string
  readonly #place: Place

  constructor(path: string, prefix: string, place: Place) {
    this.#path = path
    this.#prefix = prefix
    this.#place = place
  }

  async publish(seq: number, bytes: Uint8Array): Promise<void> {
    const name = partName(this.#prefix, seq)
    const path = join(this.#path, name)
    const temp = join(this.#path, '.tmp', `${name}.${this.#place.env.id()}`)
    try {
      await this.#linkOnce(temp, path, seq, bytes)
      await syncDirectory(this.#path)
    } catch (error) {
      throw sinkFailure('publish', path, error, coordinates(this.#place))
    }
  }

  async #linkOnce(temp: string, path: string, seq: number, bytes: Uint8Array): Promise<void> {
    try {
      await writeDurable(temp, bytes)
      try {
        await link(temp, path)
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
        if (!(await holds(path, bytes))) throw this.#foreign(path, seq)
      }
    } finally {
      await unlink(temp).catch(() => {}) // swept by the next owner
    }
  }

  #foreign(path: string, seq: number): MillraceError {
    return new MillraceError(
      'MILLRACE_CONFIG',
      `${path} is there and holds other rows than commit ${seq}: two pipelines, or two sinks of one, write to this directory, or the checkpoint of the app was reset and its output was not. Give each sink a directory of its own, or move the old files away; nothing was replaced`,
      { at: coordinates(this.#place) },
    )
  }
}

async function writeDurable(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await openNew(path)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function openNew(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    await makeDurable(dirname(path)) // removed by hand while the sink was open
    return await open(path, 'wx')
  }
}

/** Compares without reading what cannot be equal. */
async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  let stats: Stats
  try {
    stats = await lstat(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    throw new Error('the file was removed while it was compared', { cause: error })
  }
  return stats.isFile() && stats.size === bytes.length && (await readFile(path)).equals(bytes)
}

async function sweep(folder: string, prefix: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (isPartOf(prefix, name)) await unlink(join(folder, name)).catch(ignoreMissing)
  }
}

/** Makes the directory with all above it, and their entries durable: files that are synced can still lose their names. */
async function makeDurable(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  const above = dirname(first)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    await syncDirectory(folder)
    if (folder === above || folder === dirname(folder)) return
  }
}

/** Windows cannot open a directory for this, and journals its entries by itself. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error
}

function coordinates({ app, subTopology, task, node }: Place): MillraceError['at'] {
  return { app, subTopology, task, node }
}
