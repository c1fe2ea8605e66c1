/**
 * The open databases of this process. LevelDB allows one handle per directory, while several parts
 * of a program use one log: the app's sources and sinks, a producer beside them, the tests around
 * them. They cannot pass the handle to one another, since each gets only a directory, so this one
 * value of the module is shared; it holds nothing but handles in use, and the last `release`
 * closes. (Alternative not taken: opening on demand and closing when idle.)
 */
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedDatabase } from './database.ts'

export interface DatabaseLease {
  readonly database: EmbeddedDatabase
  /** Safe to call twice. */
  release(): Promise<void>
}

interface Entry {
  readonly opening: Promise<EmbeddedDatabase>
  users: number
}

export class OpenDatabases {
  readonly #entries = new Map<string, Entry>()
  readonly #closing = new Map<string, Promise<void>>()

  /** The database under `{dir}/log`, opened by its first user. */
  async acquire(dir: string): Promise<DatabaseLease> {
    const location = join(dir, 'log')
    await mkdir(location, { recursive: true })
    const path = await realpath(location)
    let entry = this.#entries.get(path)
    if (entry === undefined) {
      const closed = this.#closing.get(path) ?? Promise.resolve()
      entry = { opening: closed.then(() => EmbeddedDatabase.open(path)), users: 0 }
      this.#entries.set(path, entry)
    }
    entry.users++
    const held = entry
    let released: Promise<void> | undefined
    try {
      const database = await held.opening
      return { database, release: () => (released ??= this.#release(path, held)) }
    } catch (error) {
      if (this.#entries.get(path) === held) this.#entries.delete(path)
      throw error
    }
  }

  async #release(path: string, entry: Entry): Promise<void> {
    entry.users--
    if (entry.users > 0) return
    this.#entries.delete(path)
    const closing = entry.opening.then((database) => database.close())
    const settled = closing.catch(() => undefined)
    this.#closing.set(path, settled)
    await closing
    if (this.#closing.get(path) === settled) this.#closing.delete(path)
  }
}

export const openDatabases: OpenDatabases = new OpenDatabases()
