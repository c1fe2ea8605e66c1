/**
 * The temporary files of a directory store, all in `{root}/+tmp`. `+` is in no encoded segment, so
 * no key leads there and no listing shows it. A file lives from the start of one create to its
 * link; what a crash leaves is swept by a later open, once it is older than any create can last.
 * Sweeping one in use is harmless: its link fails, and the caller tries again.
 */
import { link, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from '../../env.ts'
import { MillraceError, messageOf } from '../../errors.ts'
import { errnoOf, isMissing } from './failure.ts'

const tempAgeMaxMs = 3_600_000

export class TempFiles {
  readonly #folder: string
  readonly #env: Env

  constructor(root: string, env: Env) {
    this.#folder = join(root, '+tmp')
    this.#env = env
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    if (!(await lstat(this.#folder)).isDirectory()) {
      throw new MillraceError('MILLRACE_CONFIG', `${this.#folder} is not a plain folder: remove it`)
    }
    await this.#sweep()
    await this.#probe()
  }

  /**
   * Writes a new file and makes its content durable. A file that could not be written is removed.
   */
  async write(bytes: Uint8Array): Promise<string> {
    const path = join(this.#folder, this.#env.id())
    const handle = await this.#openNew(path)
    try {
      try {
        await handle.writeFile(bytes)
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      await this.remove(path)
      throw error
    }
    return path
  }

  /** Never fails: what stays is swept by a later open. */
  async remove(path: string): Promise<void> {
    try {
      await unlink(path)
    } catch (error) {
      if (isMissing(error)) return
      this.#env.log(
        'warn',
        `checkpoint: temporary file stays until a later start: ${messageOf(error)}`,
        { path },
      )
    }
  }

  async #openNew(path: string): Promise<Awaited<ReturnType<typeof open>>> {
    try {
      return await open(path, 'wx')
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      await mkdir(this.#folder, { recursive: true }) // removed by hand while the store was open
      return open(path, 'wx')
    }
  }

  async #sweep(): Promise<void> {
    const oldest = this.#env.clock.now() - tempAgeMaxMs
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      try {
        if ((await lstat(path)).mtimeMs < oldest) await unlink(path)
      } catch (error) {
        if (!isMissing(error)) throw error // another process sweeps as well
      }
    }
  }

  /** Refuses a file system on which create-once does not hold: the whole protocol stands on it. */
  async #probe(): Promise<void> {
    const first = await this.write(new Uint8Array(1))
    const second = `${first}.probe`
    try {
      await link(first, second)
      const again = await link(first, second).then(() => 'made twice', errnoOf)
      if (again !== 'EEXIST') {
        throw new MillraceError(
          'MILLRACE_CONFIG',
          `the file system of ${this.#folder} lets a name be linked twice (${again}), so two owners of a task could both commit: keep checkpoints on a local disk`,
        )
      }
    } finally {
      await this.remove(second)
      await this.remove(first)
    }
  }
}
