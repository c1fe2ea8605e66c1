// What the tests of the worker share: a directory, an app on it whose log is kept, topics filled before it starts, and
// wrappers that make a real object store misbehave.
import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../../src/app.ts'
import type { App, AppOptions, AppState } from '../../../src/app.ts'
import { fs } from '../../../src/checkpoint/fs/index.ts'
import type { ObjectStore } from '../../../src/checkpoint/object-store.ts'
import type { CheckpointSpec } from '../../../src/checkpoint/spec.ts'
import { realEnv } from '../../../src/env.ts'
import type { Env } from '../../../src/env.ts'
import { isMillraceError } from '../../../src/errors.ts'
import type { MillraceError } from '../../../src/errors.ts'
import { embedded, openEmbedded } from '../../../src/log/embedded/index.ts'
import type { EmbeddedTopic } from '../../../src/log/embedded/index.ts'
import { json } from '../../../src/serde/json.ts'
import type { Duration } from '../../../src/time/duration.ts'

export interface Numbered {
  readonly n: number
}

/** A directory, and everything that is made on it. */
export class Bench {
  readonly dir: string
  readonly logged: string[] = []
  readonly env: Env = realEnv({
    log: (level, message) => void this.logged.push(`${level} ${message}`),
  })
  readonly #apps: App[] = []

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), 'millrace-worker-')))
  }

  /** Stops what a failed test left running, and removes the directory. */
  async close(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close().catch(() => {})))
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 })
  }

  app(options: Partial<AppOptions> & { readonly every?: Duration } = {}): App {
    const { every = '20ms', ...rest } = options
    const app = createApp({
      id: 'bench',
      dir: this.dir,
      env: this.env,
      checkpoint: this.checkpoint(every),
      ...rest,
    })
    this.#apps.push(app)
    return app
  }

  checkpoint(every: Duration = '20ms'): CheckpointSpec {
    return fs(join(this.dir, 'checkpoint'), { every })
  }

  /** Puts rows into a topic. Text goes in as it is, so that it may be malformed. */
  async fill(
    topic: EmbeddedTopic<string, Numbered>,
    rows: readonly (Numbered | string)[],
    more: {
      readonly partition?: number
      readonly key?: (n: number) => string
      readonly time?: (n: number) => number
    } = {},
  ): Promise<void> {
    const raw = embedded<string, Numbered | string>(topic.topic, {
      value: eitherWay,
      ...(topic.partitions === undefined ? {} : { partitions: topic.partitions }),
    })
    const log = await openEmbedded({ dir: this.dir })
    await log.append(
      raw,
      rows.map((value, i) => ({
        key: more.key?.(i) ?? `key-${i % 4}`,
        value,
        timestamp: more.time?.(i) ?? i,
      })),
      more.partition === undefined ? {} : { partition: more.partition },
    )
    await log.close()
  }

  async read<V>(topic: EmbeddedTopic<string, V>): Promise<V[]> {
    const log = await openEmbedded({ dir: this.dir })
    const values: V[] = []
    for await (const { value } of log.read(topic)) values.push(value!)
    await log.close()
    return values
  }
}

const numbers = json<Numbered>()
const eitherWay = {
  name: 'json',
  encode: (value: Numbered | string): Uint8Array =>
    typeof value === 'string' ? Buffer.from(value) : numbers.encode(value),
  decode: (bytes: Uint8Array): Numbered => numbers.decode(bytes),
}

export function numbersTopic(topic: string, partitions = 1): EmbeddedTopic<string, Numbered> {
  return embedded<string, Numbered>(topic, { value: numbers, partitions })
}

/** { n: from } to { n: to - 1 }. */
export function numbered(to: number, from = 0): Numbered[] {
  return Array.from({ length: to - from }, (_, i) => ({ n: from + i }))
}

export function ns(rows: readonly { readonly value: unknown }[]): number[] {
  return rows.map(({ value }) => (value as Numbered).n)
}

/** The error of a promise that must not resolve. */
export async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  try {
    await promise
  } catch (error) {
    if (isMillraceError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A directory checkpoint whose store goes through `wrap`. */
export function wrapped(
  spec: CheckpointSpec,
  wrap: (store: ObjectStore) => Partial<ObjectStore>,
): CheckpointSpec {
  return {
    ...spec,
    open: async (ctx) => {
      const store = await spec.open(ctx)
      const own: ObjectStore = {
        create: (key, bytes) => store.create(key, bytes),
        get: (key) => store.get(key),
        list: (prefix, after) => store.list(prefix, after),
        delete: (keys) => store.delete(keys),
        close: () => store.close(),
      }
      return { ...own, ...wrap(store) }
    },
  }
}

export function statesOf(app: App): AppState[] {
  const states: AppState[] = []
  app.onStateChange((state) => states.push(state))
  return states
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until something holds; fails after `withinMs`. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(5)
  }
}
