/**
 * State alone: `get` and `put` of a running count, as an aggregate does for each record, with a commit (freeze, encode, decide)
 * every 50,000 records and, on disk, decided rows written in between. Half of the records go to one key in fifty, the others
 * to any. The baseline is the same work by hand: an awaited `get` and an awaited `put` on LevelDB for each record.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryState, realEnv } from '@millrace/core'
import type { StateSpec } from '@millrace/core'
import { level } from '@millrace/core/level'
import { keyValueStore } from '@millrace/core/operator'
import { seededRandom } from '@millrace/core/testing'
import { Level } from 'level'
import { cpuMicrosOf, median } from './cpu.ts'
import { result, rssMiBNow } from './result.ts'
import type { Result } from './result.ts'

interface Count {
  n: number
  note?: string
}

const counts = keyValueStore<string, Count>('counts')

const recordsPerRound = 200_000
const rounds = 3
/** As many as a core takes in a second or less. */
const recordsPerCommit = 50_000
/** As in the worker's loop: other work has its turn so often. */
const recordsPerTurn = 1_000
const awaitedRecords = 20_000

const MiB = 2 ** 20

/** Each way of keeping state, over so many keys. */
export async function compareStates(size: string, keys: number): Promise<readonly Result[]> {
  return inTempDir(async (dir) => {
    const awaited = await measureAwaited(join(dir, 'awaited'), keys)
    const room = { cacheBytes: 4_096 * MiB, cacheEntries: 2 * keys }
    const ways: readonly (readonly [string, StateSpec])[] = [
      ['memory', memoryState()],
      ['level', level({ dir: join(dir, 'level'), ...room })],
      ['level-tenth', level({ dir: join(dir, 'tenth'), ...room, cacheEntries: keys / 10 })],
    ]
    const rows: Result[] = []
    for (const [store, spec] of ways) {
      const cpu = await measure(spec, keys)
      const measured = { records: recordsPerRound, cpu, baseline: awaited }
      rows.push(result(`state-count-${store}-${size}`, measured))
    }
    const naive = { records: awaitedRecords, cpu: awaited, baseline: awaited }
    return [...rows, result(`state-count-awaited-${size}`, naive)]
  })
}

/** Microseconds of CPU per record, all threads: LevelDB's compaction counts. */
async function measure(spec: StateSpec, keys: number): Promise<number> {
  const counting = await Counting.open(spec, keys)
  await counting.fill({ n: 0 })
  const micros: number[] = []
  await counting.count(recordsPerRound / 4) // warm-up
  for (let round = 0; round < rounds; round++) {
    // Two seconds or so of records, then an apply: the engine does so every five, so here more is written.
    const cpu = await cpuMicrosOf(async () => {
      await counting.count(recordsPerRound)
      await counting.apply()
    })
    micros.push(cpu / recordsPerRound)
  }
  await counting.close()
  return median(micros)
}

/** A task in small: rows, commits, and what its disk needs in between. */
class Counting {
  readonly #state: Awaited<ReturnType<StateSpec['open']>>
  readonly #store: ReturnType<typeof counts.open>
  readonly #keys: number
  readonly #random = seededRandom(1)
  readonly #timers = realEnv().timers
  #uncommitted = 0
  #applying: Promise<void> | undefined = undefined
  /** The most memory of the process while it counted. */
  rssMiBMax = 0

  private constructor(state: Awaited<ReturnType<StateSpec['open']>>, keys: number) {
    this.#state = state
    this.#store = state.open(counts)
    this.#keys = keys
  }

  static async open(spec: StateSpec, keys: number): Promise<Counting> {
    const place = { app: 'bench', subTopology: 'counts', task: '0', env: realEnv(), dir: '.' }
    return new Counting(await spec.open(place), keys)
  }

  /** Every key once. */
  async fill(value: Count): Promise<void> {
    for (let i = 0; i < this.#keys; i++) {
      this.#store.put(keyOf(i), { ...value })
      if (++this.#uncommitted === recordsPerCommit) await this.#commit()
      if (i % recordsPerTurn === 0) await this.#turn()
    }
    await this.apply()
  }

  async count(records: number): Promise<void> {
    for (let i = 0; i < records; i++) {
      const key = drawKey(this.#random, this.#keys)
      const count = this.#store.get(key)!
      count.n++
      this.#store.put(key, count)
      if (++this.#uncommitted === recordsPerCommit) await this.#commit()
      if (i % recordsPerTurn === 0) await this.#turn()
    }
  }

  async #turn(): Promise<void> {
    this.rssMiBMax = Math.max(this.rssMiBMax, rssMiBNow())
    await this.#timers.yield()
  }

  async #commit(): Promise<void> {
    this.#uncommitted = 0
    for (const delta of this.#state.freeze()) while (delta.encode(2_000)) await this.#timers.yield()
    this.#state.decided()
    const { unapplied } = this.#state
    if (unapplied >= 1) this.#applying ??= this.#state.apply().then(() => this.#applied())
    if (unapplied >= 2) await this.#applying
  }

  #applied(): void {
    this.#applying = undefined
  }

  /** Commits, and writes everything. */
  async apply(): Promise<void> {
    await this.#commit()
    await this.#state.apply()
  }

  async close(): Promise<void> {
    await this.#applying
    await this.#state.close()
  }
}

async function measureAwaited(dir: string, keys: number): Promise<number> {
  const db = new Level<string, Count>(dir, { valueEncoding: 'json' })
  await db.open()
  for (let from = 0; from < keys; from += 1_000) {
    const few = Array.from({ length: Math.min(1_000, keys - from) }, (_, i) => keyOf(from + i))
    await db.batch(few.map((key) => ({ type: 'put' as const, key, value: { n: 0 } })))
  }
  const random = seededRandom(1)
  const cpu = await cpuMicrosOf(async () => {
    for (let i = 0; i < awaitedRecords; i++) {
      const key = drawKey(random, keys)
      const count = await db.get(key)
      count.n++
      await db.put(key, count)
    }
  })
  await db.close()
  return cpu / awaitedRecords
}

/** State of ten times what the cache holds: the memory of the process stays within what the options say, and some room. */
export async function bounded(size: string, keys: number): Promise<readonly Result[]> {
  return inTempDir(async (dir) => {
    const memory = 64 * MiB
    const before = rssMiBNow()
    const spec = level({ dir, memory, cacheEntries: keys / 10 })
    const counting = await Counting.open(spec, keys)
    await counting.fill({ n: 0, note: 'x'.repeat(100) })
    const cpu = await cpuMicrosOf(() => counting.count(recordsPerRound))
    await counting.close()
    const boundMiB = before + (grownHeap * memory) / MiB + commitMiB
    if (counting.rssMiBMax > boundMiB)
      throw new Error(
        `state of ten times the cache took ${counting.rssMiBMax.toFixed(0)} MiB, more than ${boundMiB.toFixed(0)}`,
      )
    const perRecord = cpu / recordsPerRound
    const measured = { records: recordsPerRound, cpu: perRecord, baseline: perRecord }
    return [
      result(`state-bounded-level-tenth-${size}`, { ...measured, rssMiB: counting.rssMiBMax }),
    ]
  })
}

/** V8 collects old objects when its heap has grown to some times what is alive. */
const grownHeap = 5
/** Dirty rows of one commit, and young objects. */
const commitMiB = 100

/** Half of the records go to one key in fifty. */
function drawKey(random: () => number, keys: number): string {
  const among = random() < 0.5 ? keys / 50 : keys
  return keyOf(Math.floor(random() * among))
}

function keyOf(i: number): string {
  return `user-${i}`
}

async function inTempDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
