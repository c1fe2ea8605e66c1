/**
 * DirectoryStore: an object store in a directory. One object is one file; its path is its key.
 *
 *   create = write +tmp/{id}, fsync it, link(+tmp/{id}, final), unlink +tmp/{id},
 *            fsync the folder of final
 *
 * - link is the decision: it makes the name appear with whole, durable content, and only one caller
 *   gets no EEXIST. `open(final, 'wx')` and writing would leave a torn winner behind a crash;
 *   rename would replace the winner.
 * - 'exists' is answered behind an fsync of the folder as well. Whoever lost may act on what it
 *   then reads, and the winner may have died before its own fsync.
 * - Over NFS the answer to a link that was made can be lost, and the repeated request gets EEXIST:
 *   equal inodes of temporary and final file tell that the winner is this very call.
 * - A folder counts as durable once its entry in each folder above was fsynced by this process:
 *   another process may have made it and died. Folders are never removed.
 * - No symbolic link below the root is followed: what is written stays under the root, and `list`
 *   shows it.
 */
import { constants, type Stats } from 'node:fs'
import { link, lstat, mkdir, readFile, realpath, unlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import type { Env } from '../../env.ts'
import { MillraceError } from '../../errors.ts'
import { checkKey, checkPrefix } from '../object-key.ts'
import type { ObjectStore, StoredObject } from '../object-store.ts'
import { errnoOf, isMissing, storeFailure } from './failure.ts'
import { syncDirectory } from './sync-directory.ts'
import { TempFiles } from './temp-files.ts'
import { walkKeys } from './walk-keys.ts'

/** Bound of the set of folders known to be durable; beyond it they are made durable again. */
const knownFoldersMax = 10_000

/**
 * Opens the store under `dir`: makes the directory, tries out its file system, sweeps what crashes
 * left behind.
 */
export async function openDirectoryStore(dir: string, env: Env): Promise<ObjectStore> {
  const path = resolve(dir)
  try {
    const first = await mkdir(path, { recursive: true })
    const root = await realpath(path)
    if (first !== undefined) await syncChain(dirname(await realpath(first)), dirname(root))
    const temps = new TempFiles(root, env)
    await temps.open()
    return new DirectoryStore(root, temps)
  } catch (error) {
    throw storeFailure('open the checkpoint directory', path, error)
  }
}

class DirectoryStore implements ObjectStore {
  readonly #root: string
  readonly #temps: TempFiles
  readonly #durable = new Set<string>()

  constructor(root: string, temps: TempFiles) {
    this.#root = root
    this.#temps = temps
  }

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    checkKey(key)
    const path = join(this.#root, key)
    const folder = dirname(path)
    try {
      await this.#makeDurable(folder)
      const temp = await this.#temps.write(bytes)
      let won: boolean
      try {
        won = await linkOnce(temp, path)
      } finally {
        await this.#temps.remove(temp)
      }
      await syncDirectory(folder)
      return won ? 'created' : 'exists'
    } catch (error) {
      this.#durable.clear() // someone may have removed a folder: the next try makes it again
      throw storeFailure(`create object ${key}`, path, error)
    }
  }

  async get(key: string): Promise<StoredObject | undefined> {
    checkKey(key)
    const path = join(this.#root, key)
    try {
      if (!(await this.#isInside(dirname(path)))) return undefined
      const flag = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)
      const { buffer, byteOffset, byteLength } = await readFile(path, { flag })
      return { bytes: new Uint8Array(buffer, byteOffset, byteLength) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw storeFailure(`read object ${key}`, path, error)
    }
  }

  async list(prefix: string, after?: string): Promise<readonly string[]> {
    checkPrefix(prefix)
    const path = join(this.#root, prefix.slice(0, prefix.lastIndexOf('/') + 1))
    try {
      return (await this.#isInside(path)) ? await walkKeys(this.#root, prefix, after) : []
    } catch (error) {
      throw storeFailure(`list objects under ${prefix}`, path, error)
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key)
    for (const key of keys) {
      const path = join(this.#root, key)
      try {
        if (await this.#isInside(dirname(path))) await unlink(path)
      } catch (error) {
        if (!isMissing(error)) throw storeFailure(`delete object ${key}`, path, error)
      }
    }
  }

  close(): Promise<void> {
    return Promise.resolve() // holds no handle between two calls
  }

  async #makeDurable(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return
    await mkdir(folder, { recursive: true })
    await this.#isInside(folder)
    if (folder !== this.#root) await syncChain(this.#root, dirname(folder))
    if (this.#durable.size >= knownFoldersMax) this.#durable.clear()
    this.#durable.add(folder)
  }

  /** False if the folder is not there. One that a symbolic link leads elsewhere is refused. */
  async #isInside(folder: string): Promise<boolean> {
    const expected = folder.endsWith(sep) ? folder.slice(0, -1) : folder
    if (expected === this.#root || this.#durable.has(expected)) return true
    let real: string
    try {
      real = await realpath(expected)
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
    if (real === expected) return true
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${expected} leads to ${real}: a symbolic link inside a checkpoint directory is not followed; link or mount the whole directory ${this.#root} instead`,
    )
  }
}

async function linkOnce(temp: string, path: string): Promise<boolean> {
  try {
    await link(temp, path)
    return true
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  const [mine, theirs] = await Promise.all([lstat(temp), statOrGone(path)])
  if (theirs?.isDirectory() === true) {
    throw new MillraceError(
      'MILLRACE_CONFIG',
      `${path} is the folder of other objects: no key may be the folder of another key`,
    )
  }
  return theirs !== undefined && mine.ino === theirs.ino && mine.dev === theirs.dev
}

/** Undefined if it was deleted meanwhile: it did exist when link said so. */
async function statOrGone(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Syncs `from` and each folder below it on the way to `to`, the outermost first. */
async function syncChain(from: string, to: string): Promise<void> {
  const chain = [to]
  for (let path = to; path !== from && path !== dirname(path); path = dirname(path))
    chain.push(dirname(path))
  for (const path of chain.reverse()) await syncDirectory(path)
}
