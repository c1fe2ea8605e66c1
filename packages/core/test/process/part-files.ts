// A staged sink that writes one file per (task, commit, lane), created once: rows as lines of JSON. It is a sink like any
// other, real files on a real disk; what it does wrong, it does because a test said so.
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitRef, Section, Sink, SinkContext, SinkPort } from '../../src/sink.ts'

export interface PartFilesOptions<V> {
  /** Its name in the topology. Default: the directory's last segment. */
  readonly target?: string
  /** Rows that wait for a freeze, beyond which it says that it is full. */
  readonly rowsMax?: number
  /** Runs before each try to publish: may wait, or throw. */
  readonly publishing?: (at: CommitRef, section: Section) => void | Promise<void>
  /** Runs before each row is taken: may throw. */
  readonly writing?: (value: V, key: unknown) => void
  readonly opening?: (ctx: SinkContext) => void
  readonly closing?: (ctx: SinkContext) => void
}

export interface Part {
  /** Sub-topology and task. */
  readonly task: string
  readonly seq: number
  readonly key: unknown
  readonly value: unknown
  readonly time: number
}

export function partFiles<V>(dir: string, options: PartFilesOptions<V> = {}): Sink<V> {
  return Object.freeze<Sink<V>>({
    kind: 'millrace.sink',
    type: 'parts',
    target: options.target ?? dir.split('/').at(-1)!,
    decides: 'log',
    open: async (ctx) => {
      options.opening?.(ctx)
      await mkdir(dir, { recursive: true })
      return new PartFilesPort<V>(dir, ctx, options)
    },
  })
}

class PartFilesPort<V> implements SinkPort<V> {
  readonly #dir: string
  readonly #ctx: SinkContext
  readonly #options: PartFilesOptions<V>
  #lines: string[] = []

  constructor(dir: string, ctx: SinkContext, options: PartFilesOptions<V>) {
    this.#dir = dir
    this.#ctx = ctx
    this.#options = options
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(key: unknown, value: V, row: { readonly time: number }): boolean {
    this.#options.writing?.(value, key)
    this.#lines.push(JSON.stringify({ key, value, time: row.time }, asText))
    return this.#lines.length < (this.#options.rowsMax ?? 10_000)
  }

  freeze(): readonly Section[] {
    if (this.#lines.length === 0) return []
    const lines = this.#lines
    this.#lines = []
    return [{ lane: 'rows', rows: lines.length, bytes: Buffer.from(`${lines.join('\n')}\n`) }]
  }

  async publish(section: Section, at: CommitRef): Promise<void> {
    await this.#options.publishing?.(at, section)
    const name = `${at.subTopology}~${at.task}~${String(at.seq).padStart(10, '0')}`
    const temp = join(this.#dir, `tmp-${process.pid}-${this.#ctx.env.id()}`)
    await writeFile(temp, section.bytes)
    try {
      await link(temp, join(this.#dir, `${name}.ndjson`))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const there = await readFile(join(this.#dir, `${name}.ndjson`))
      if (!there.equals(Buffer.from(section.bytes))) {
        await writeFile(join(this.#dir, `conflict-${name}`), section.bytes)
      }
    } finally {
      await rm(temp, { force: true })
    }
  }

  close(): Promise<void> {
    this.#options.closing?.(this.#ctx)
    return Promise.resolve()
  }
}

/** All published rows, task by task in the order of their commits. Fails if two writers published different rows. */
export async function readParts(dir: string): Promise<Part[]> {
  const files = (await readdir(dir).catch(() => [])).sort((a, b) => (a < b ? -1 : 1))
  const conflict = files.find((file) => file.startsWith('conflict-'))
  if (conflict !== undefined)
    throw new Error(`two commits of one number were published: ${conflict}`)
  const rows: Part[] = []
  for (const file of files.filter((name) => name.endsWith('.ndjson'))) {
    const [sub, task, seq] = file.slice(0, -'.ndjson'.length).split('~') as [string, string, string]
    for (const line of (await readFile(join(dir, file), 'utf8')).trimEnd().split('\n')) {
      rows.push({
        task: `${sub}/${task}`,
        seq: Number(seq),
        ...(JSON.parse(line) as Omit<Part, 'task' | 'seq'>),
      })
    }
  }
  return rows
}

/** Bytes as text, so that a dead letter can be looked at. (A Buffer would have become its toJSON before it is seen here.) */
function asText(this: unknown, name: string, value: unknown): unknown {
  const before = (this as Record<string, unknown>)[name]
  return before instanceof Uint8Array ? Buffer.from(before).toString('utf8') : value
}
