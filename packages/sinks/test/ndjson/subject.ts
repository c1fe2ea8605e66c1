// What these tests open sinks with: a directory of their own, a quiet Env, a task, rows.
import { realEnv } from '@millrace/core'
import type {
  CommitRef,
  RowContext,
  Section,
  Sink,
  SinkContext,
  SinkPort,
} from '@millrace/core/sink'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function inTempDir(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-ndjson-'))
  try {
    await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export const place = { app: 'test', subTopology: 'orders', task: '0' }
export const at = (seq: number): CommitRef => ({ ...place, seq })

export async function openPort<V>(
  sink: Sink<V>,
  more: Partial<SinkContext> = {},
): Promise<SinkPort<V>> {
  const env = realEnv({ log: () => {} })
  const port = await sink.open({ ...place, env, dir: '/nowhere', node: 'out', ...more })
  await port.open([])
  return port
}

export const row: RowContext = {
  time: 7,
  watermark: -Infinity,
  old: undefined,
  tombstone: false,
  latest: false,
  final: false,
  headers: undefined,
  origin: undefined,
}

/** Writes the values and gives the one section of them. */
export function staged<V>(port: SinkPort<V>, ...values: readonly V[]): Section {
  for (const value of values) port.write('k', value, row)
  const sections = port.freeze()
  if (sections.length !== 1) throw new Error(`one section expected, not ${sections.length}`)
  return sections[0]!
}

/** The parsed lines of all files, in the order of their names. */
export async function linesIn(dir: string): Promise<readonly unknown[]> {
  const lines: unknown[] = []
  for (const name of await filesIn(dir)) {
    const text = await readFile(join(dir, name), 'utf8')
    if (!text.endsWith('\n')) throw new Error(`${name} does not end with a line end`)
    for (const line of text.slice(0, -1).split('\n')) lines.push(JSON.parse(line))
  }
  return lines
}

/** What a reader takes: `*.ndjson`. */
export async function filesIn(dir: string): Promise<readonly string[]> {
  return (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.ndjson')).sort()
}

export async function rejection(work: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it should have been rejected')
}
